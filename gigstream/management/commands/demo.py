"""`manage.py demo`: the whole system on this machine, with data to look at, until Ctrl-C."""

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.utils import timezone

from audit.models import JobHeartbeat
from gigstream import demo_data, programs, progress, services, twin
from gigstream.heartbeat_watch import HeartbeatWatch
from gigstream.management.commands.seed_demo import is_seeded
from gigstream.management.past_simulator import running_in_the_past
from gigstream.services import home
from gigstream.supervisor import (
    STOP_SIGNALS,
    Periodic,
    Program,
    ProgramFailed,
    Supervisor,
    Watchdog,
    port_is_taken,
)
from payments.models import LedgerEntry, Transaction
from payments.services import first_payout_due

Answer = TypeVar("Answer")

HOST = "127.0.0.1"
LONGEST_WATCHED_SECONDS = 60
# The demo's history is younger.
HISTORY = timedelta(days=120)


class Command(BaseCommand):
    help = (
        "Run web, worker and beat with demo data. PORT (default 8000) chooses the port;"
        " CIRCLE_TWIN=1 pays through a twin of Circle's API, at TWIN_PORT (default 8010)."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        port = _port("PORT", 8000)
        twin_port = _port("TWIN_PORT", twin.DEFAULT_PORT) if os.environ.get("CIRCLE_TWIN") == "1" else None
        self._refuse_unless_possible(port, twin_port)
        started: set[str] = set()
        try:
            with _signals(_exit):
                with _signals_put_off():
                    started |= services.ensure_unset(database=twin.DATABASE if twin_port else None)
                self._prepare(twin_port)
                self._say(_where_to_go(port, twin_port))
            self._supervise(port, twin_port, started)
        except (services.ServiceError, ProgramFailed) as refusal:
            raise CommandError(str(refusal)) from refusal
        finally:
            _stop_servers(started)

    def _refuse_unless_possible(self, port: int, twin_port: int | None) -> None:
        if settings.PRODUCTION:
            raise CommandError("the demo does not run with production settings")
        for name, wanted in (("PORT", port), ("TWIN_PORT", twin_port)):
            if wanted is not None and port_is_taken(HOST, wanted):
                raise CommandError(
                    f"port {wanted} is taken: stop what listens there, or choose another with {name}"
                )

    def _prepare(self, twin_port: int | None) -> None:
        call_command("migrate", interactive=False)
        with contextlib.ExitStack() as stack:
            if twin_port is not None and not is_seeded():
                start = timezone.now() - HISTORY
                stack.enter_context(running_in_the_past(port=twin_port, home=_twin_home(), start=start))
            call_command("seed_demo")
        connections.close_all()

    def _supervise(self, port: int, twin_port: int | None, started: set[str]) -> None:
        began_at = timezone.now()
        heartbeats = HeartbeatWatch(_apart(_heartbeats))
        Supervisor(
            _programs(port, twin_port),
            say=self._say,
            on_restart=progress.count_restart,
            watchdog=Watchdog(
                heartbeats.late, restarts=("beat", "worker", "releases", "webhooks"), forget=heartbeats.forget
            ),
            periodic=[
                Periodic(_apart(lambda: _work_done_since(began_at))),
                Periodic(lambda: _revive_servers(started), every=5.0),
            ],
        ).run()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _port(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise CommandError(f"{name} must be a number from 1 to 65535, not {text!r}")
    return int(text)


def _programs(port: int, twin_port: int | None) -> list[Program]:
    """In the order of starting. They stop in the reverse one, so that what asks for work ends first."""
    base, var = str(settings.BASE_DIR), settings.BASE_DIR / "var"
    commands = programs.commands(bind=f"{HOST}:{port}")
    # Whoever develops against the demo receives webhooks on the same machine.
    environment: Mapping[str, str] = {
        "WEBHOOK_ALLOW_LOOPBACK": "true",
        "WALLET_SIGN_IN_DOMAIN": f"{HOST}:{port}",
    }
    environment = {**environment, **_given("WEBHOOK_ALLOW_LOOPBACK"), **_given("WALLET_SIGN_IN_DOMAIN")}
    if twin_port is not None:
        # The others take the same from the settings, as CIRCLE_TWIN=1 says.
        environment = {**environment, **twin.settings_for(twin_port), "PYTHONPATH": base}
        # First, so that it is there before whoever pays through it.
        door = f"http://{HOST}:{port}/provider/circle/notifications"
        commands = {"circle": twin.command(port=twin_port, home=_twin_home(), notify=door), **commands}
    return [
        Program(name, line, var / "log" / f"{name}.log", {**environment, **programs.environment(name)})
        for name, line in commands.items()
    ]


def _given(name: str) -> Mapping[str, str]:
    """Return the variable as it is set, or nothing."""
    return {name: os.environ[name]} if name in os.environ else {}


def _twin_home() -> Path:
    """Beside the database whose payouts the twin has made: the one is of no use without the other."""
    inside = settings.BASE_DIR / "var" if settings.DATABASE_URL_GIVEN else home.path()
    return Path(inside) / "circle_twin"


def _revive_servers(started: set[str]) -> str | None:
    """Start embedded servers that died, and count them in `started` as this run's own."""
    revived, silent = services.revive_unset()
    started |= revived
    lines = [f"{name}: the embedded server was down and has been started again" for name in sorted(revived)]
    lines += [f"{name}: the embedded server does not answer" for name in sorted(silent)]
    return "\n".join(lines) or None


def _apart(read: Callable[[], Answer]) -> Callable[[], Answer]:
    """Read the database over a connection of this call alone: each comes in a thread of its own."""

    def read_apart() -> Answer:
        try:
            return read()
        finally:
            connections.close_all()

    return read_apart


def _where_to_go(port: int, twin_port: int | None) -> str:
    circle = f"  Circle's twin http://{HOST}:{twin_port}\n" if twin_port else ""
    by_role = demo_data.STAFF_BY_ROLE.values()
    staff = "".join(f"                {email} / {demo_data.STAFF_PASSWORD}\n" for email in by_role)
    return (
        "\nGigStream is starting\n"
        f"  admin         http://{HOST}:{port}/admin/\n"
        f"  staff         {demo_data.STAFF_USERNAME} / {demo_data.STAFF_PASSWORD}\n"
        f"{staff}"
        f"  worker        {demo_data.WORKER_EMAIL} / {demo_data.WORKER_PASSWORD}\n"
        f"  platform key  {demo_data.PLATFORM_API_KEY}\n"
        f"{circle}"
        "  to stop       Ctrl-C\n"
    )


def _work_done_since(began_at: datetime) -> str:
    released = LedgerEntry.objects.filter(kind="release", created_at__gte=began_at).count()
    payouts = Transaction.objects.filter(type="payout", status="confirmed", confirmed_at__gte=began_at)
    due = first_payout_due(timezone.now())
    when = f", next payout due {due:%H:%M:%S} UTC" if due else ""
    return f"streams released {released}, payouts confirmed {payouts.count()}{when}"


def _heartbeats() -> Mapping[str, tuple[float, datetime | None]]:
    """Of the frequent jobs: seconds between runs, and when the last run ended."""
    jobs = JobHeartbeat.objects.filter(
        name__in=settings.CELERY_BEAT_SCHEDULE,  # a job that is no longer scheduled leaves its row behind
        every_seconds__lte=LONGEST_WATCHED_SECONDS,
    )
    return {job.name: (float(job.every_seconds), job.last_finished_at) for job in jobs}


@contextlib.contextmanager
def _signals(handler: Callable[[int, object], None]) -> Iterator[None]:
    """The signals that end a run, but for those that nohup had ignored, go to `handler` in the block."""
    heard = [number for number in STOP_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in heard}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


@contextlib.contextmanager
def _signals_put_off() -> Iterator[None]:
    """Nothing interrupts the block; a signal that came meanwhile ends the program after it."""
    came: list[int] = []
    with _signals(lambda number, _frame: came.append(number)):
        yield
    if came:
        _exit(came[0], None)


def _exit(number: int, _frame: object) -> None:
    """End by way of the `finally` clauses."""
    sys.exit(128 + number)


def _stop_servers(names: set[str]) -> None:
    """The servers this run started are down; an impatient second signal does not leave them half stopped."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    connections.close_all()
    services.stop(names)
