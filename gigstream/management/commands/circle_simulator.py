"""`manage.py circle_simulator`: a simulator of Circle's API on this machine, until Ctrl-C."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from gigstream.simulators import circle_settings


class Command(BaseCommand):
    help = "Run a simulator of Circle's API for wallets, with play money, and print the settings that use it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=circle_settings.DEFAULT_PORT)
        parser.add_argument("--home", type=Path, default=settings.BASE_DIR / "var" / "circle_simulator")

    def handle(self, *args: Any, **options: Any) -> None:
        ours = circle_settings.settings_for(options["port"])
        self.stdout.write("\n".join(f"{name}={value}" for name, value in ours.items()))
        self.stdout.flush()
        command = circle_settings.simulator_command(port=options["port"], home=options["home"].resolve())
        os.chdir(settings.BASE_DIR)
        os.execve(command[0], command, {**os.environ, **ours})  # noqa: S606 - the command is our own
