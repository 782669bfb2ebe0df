"""`manage.py keep`: one program of GigStream, kept running and watched, for systemd or a container."""

import contextlib
import os
import socket
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gigstream import programs, progress
from gigstream.supervisor import Program, ProgramFailed, Supervisor, Watchdog


class Command(BaseCommand):
    help = (
        "Run web, releases, worker, webhooks or beat in the foreground; one that dies or makes no progress is"
        " started again. Tells systemd that it is ready and lives (Type=notify, WatchdogSec)."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=list(programs.commands()))
        parser.add_argument("--bind", help="where the web server listens, as host:port or unix:path")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        program = Program(
            name, programs.commands(bind=options["bind"])[name], None, programs.environment(name)
        )
        watch = programs.watch(name)
        progress.forget(name)
        notify_systemd("READY=1")
        supervisor = Supervisor(
            [program],
            say=self._say,
            watchdog=Watchdog(watch.late, restarts=(name,), forget=watch.forget),
            on_restart=progress.count_restart,
            on_tick=lambda: notify_systemd("WATCHDOG=1"),
        )
        try:
            supervisor.run()
        except ProgramFailed as failure:
            raise CommandError(str(failure)) from failure
        finally:
            notify_systemd("STOPPING=1")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def notify_systemd(state: str) -> None:
    """Tell the service manager, if one has started this process (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        # A leading @ stands for the zero byte of an abstract address.
        manager.setblocking(False)
        # A manager that does not listen must not hold up the keeper.
        with contextlib.suppress(OSError):
            manager.connect("\0" + address[1:] if address.startswith("@") else address)
            manager.send(state.encode())
