"""`manage.py alive`: health check of a long-lived process for containers, by its progress."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gigstream.processes import programs
from gigstream.processes.progress import last_mark


class Command(BaseCommand):
    help = "Exit with 0 when the named process has made progress within a minute, else with 1."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=list(programs.program_commands()))

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        marked_at = last_mark(name)
        silent_for = None if marked_at is None else time.monotonic() - marked_at
        if silent_for is not None and silent_for <= programs.SILENT_SECONDS:
            self.stdout.write(f"{name} made progress {silent_for:.0f} s ago")
        elif name != "web" and silent_for is not None and not _broker_answers():
            self.stdout.write(f"{name} cannot make progress: the broker does not answer")
        elif silent_for is None:
            raise CommandError(f"{name} has made no progress yet")
        else:
            raise CommandError(f"{name} has made no progress for {silent_for:.0f} s")


def _broker_answers() -> bool:
    try:
        programs.require_broker()
    except ConnectionError:
        return False
    return True
