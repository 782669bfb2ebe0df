"""`manage.py keep`: supervision of a single program of GigStream, for systemd or a container."""

import contextlib
import os
import socket
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gigstream.processes import programs, progress
from gigstream.processes.supervisor import Program, ProgramFailed, Supervisor, Watchdog


class Command(BaseCommand):
    help = (
        "Run web, releases, worker, webhooks or beat in the foreground; restart it when it dies or makes no"
        " progress. Notifies systemd that it is ready and alive (Type=notify, WatchdogSec)."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=list(programs.program_commands()))
        parser.add_argument("--bind", help="address of the web server, as host:port or unix:path")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        program = Program(
            name,
            programs.program_commands(bind=options["bind"])[name],
            None,
            programs.program_environment(name),
        )
        watch = programs.watch_progress(name)
        progress.forget_mark(name)
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
    """Notify the service manager, if it has started this process (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        # A manager that does not listen must not block this process.
        manager.setblocking(False)
        # A leading @ stands for the zero byte of an abstract address.
        with contextlib.suppress(OSError):
            manager.connect("\0" + address[1:] if address.startswith("@") else address)
            manager.send(state.encode())
