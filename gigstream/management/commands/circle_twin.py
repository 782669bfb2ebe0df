"""`manage.py circle_twin`: a twin of Circle's API on this machine, until Ctrl-C."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from gigstream import twin


class Command(BaseCommand):
    help = "Run a twin of Circle's API for wallets, with play money, and say which settings use it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=twin.DEFAULT_PORT)
        parser.add_argument("--home", type=Path, default=settings.BASE_DIR / "var" / "circle_twin")

    def handle(self, *args: Any, **options: Any) -> None:
        ours = twin.settings_for(options["port"])
        self.stdout.write("\n".join(f"{name}={value}" for name, value in ours.items()))
        self.stdout.flush()
        command = twin.command(port=options["port"], home=options["home"].resolve())
        os.chdir(settings.BASE_DIR)
        os.execve(command[0], command, {**os.environ, **ours})  # noqa: S606 - the command is our own
