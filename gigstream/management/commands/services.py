"""`manage.py services start|stop|status`: manual control of the embedded PostgreSQL and Valkey."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gigstream import embedded


class Command(BaseCommand):
    help = "Start, stop or show the embedded PostgreSQL and Valkey."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["start", "stop", "status"])
        parser.add_argument(
            "names",
            nargs="*",
            metavar="server",
            help=f"some of {', '.join(embedded.NAMES)}; default: all",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        names = self._names(options["names"])
        try:
            {"start": self._start, "stop": self._stop, "status": self._status}[options["action"]](names)
        except embedded.ServiceError as refusal:
            raise CommandError(str(refusal)) from refusal

    def _names(self, chosen: list[str]) -> list[str]:
        unknown = set(chosen) - set(embedded.NAMES)
        if unknown:
            raise CommandError(
                f"no server {', '.join(sorted(unknown))}: there are {', '.join(embedded.NAMES)}"
            )
        return chosen or list(embedded.NAMES)

    def _start(self, names: list[str]) -> None:
        wanted = embedded.unset_servers() & set(names)
        started = embedded.ensure_running(postgres="postgres" in wanted, redis="redis" in wanted)
        for name in names:
            if name not in wanted:
                self.stdout.write(f"{name}: not started, its URL is set in the environment")
            else:
                self.stdout.write(f"{name}: {'started' if name in started else 'was running'}")

    def _stop(self, names: list[str]) -> None:
        stopped = embedded.stop_servers(names)
        for name in names:
            self.stdout.write(f"{name}: {'stopped' if name in stopped else 'was not running'}")

    def _status(self, names: list[str]) -> None:
        found = embedded.server_status()
        for name in names:
            self.stdout.write(_status_line(found[name]))


def _status_line(server: embedded.Status) -> str:
    process = f" (pid {server.pid})" if server.pid else ""
    unused = "; its URL is set in the environment, so another is used" if server.url_set else ""
    return f"{server.name}: {server.state.value}{process}{unused}\n  data {server.data}\n  log  {server.log}"
