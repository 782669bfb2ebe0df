"""`manage.py demo`: the whole system on this machine with demo data, until Ctrl-C."""

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

from gigstream import embedded
from gigstream.demo import people as demo_data
from gigstream.embedded import home
from gigstream.jobs.models import JobHeartbeat
from gigstream.management.commands.seed_demo import is_seeded
from gigstream.processes import programs, progress
from gigstream.processes.heartbeat_watch import HeartbeatWatch
from gigstream.processes.supervisor import (
    STOP_SIGNALS,
    Periodic,
    Program,
    ProgramFailed,
    Supervisor,
    Watchdog,
    is_port_taken,
)
from gigstream.simulators import circle_settings
from gigstream.simulators.past_simulator import running_in_the_past
from payments.models import LedgerEntry, Transaction
from payments.services import first_payout_due
from reputation.models import QuestEvent
from reputation.quests.enums import REWARDED

Answer = TypeVar("Answer")

HOST = "127.0.0.1"
LONGEST_WATCHED_SECONDS = 60
# The demo's history is younger.
HISTORY = timedelta(days=120)


class Command(BaseCommand):
    help = (
        "Run web, worker and beat with demo data. PORT (default 8000) chooses the port;"
        " CIRCLE_SIMULATOR=1 pays through a simulator of Circle's API, at SIMULATOR_PORT (default 8010)."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        port = _read_port("PORT", 8000)
        simulator_port = (
            _read_port("SIMULATOR_PORT", circle_settings.DEFAULT_PORT)
            if os.environ.get("CIRCLE_SIMULATOR") == "1"
            else None
        )
        self._refuse_unless_possible(port, simulator_port)
        started: set[str] = set()
        try:
            with _handled_signals(_exit_by_signal):
                with _delayed_signals():
                    started |= embedded.ensure_unset(
                        database=circle_settings.DATABASE if simulator_port else None
                    )
                self._prepare(simulator_port)
                self._say(_welcome_text(port, simulator_port))
            self._supervise(port, simulator_port, started)
        except (embedded.ServiceError, ProgramFailed) as refusal:
            raise CommandError(str(refusal)) from refusal
        finally:
            _stop_servers(started)

    def _refuse_unless_possible(self, port: int, simulator_port: int | None) -> None:
        if settings.PRODUCTION:
            raise CommandError("the demo does not run with production settings")
        for name, wanted in (("PORT", port), ("SIMULATOR_PORT", simulator_port)):
            if wanted is not None and is_port_taken(HOST, wanted):
                raise CommandError(
                    f"port {wanted} is taken: stop its listener, or choose another port with {name}"
                )

    def _prepare(self, simulator_port: int | None) -> None:
        call_command("migrate", interactive=False)
        with contextlib.ExitStack() as stack:
            if simulator_port is not None and not is_seeded():
                start = timezone.now() - HISTORY
                stack.enter_context(
                    running_in_the_past(port=simulator_port, home=_simulator_home(), start=start)
                )
            call_command("seed_demo")
        connections.close_all()

    def _supervise(self, port: int, simulator_port: int | None, started: set[str]) -> None:
        began_at = timezone.now()
        heartbeats = HeartbeatWatch(_with_own_connection(_frequent_heartbeats))
        Supervisor(
            _demo_programs(port, simulator_port),
            say=self._say,
            on_restart=progress.count_restart,
            watchdog=Watchdog(
                heartbeats.late, restarts=("beat", "worker", "releases", "webhooks"), forget=heartbeats.forget
            ),
            periodic=[
                Periodic(_with_own_connection(lambda: _work_done_since(began_at))),
                Periodic(lambda: _revive_servers(started), every=5.0),
            ],
        ).run()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _read_port(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise CommandError(f"{name} must be a number from 1 to 65535, not {text!r}")
    return int(text)


def _demo_programs(port: int, simulator_port: int | None) -> list[Program]:
    """Return the programs in the order of starting; they stop in reverse order, consumers of work first."""
    base, var = str(settings.BASE_DIR), settings.BASE_DIR / "var"
    commands = programs.program_commands(bind=f"{HOST}:{port}")
    # Developers receive the demo's webhooks on the same machine.
    environment: Mapping[str, str] = {
        "WEBHOOK_ALLOW_LOOPBACK": "true",
        "WALLET_SIGN_IN_DOMAIN": f"{HOST}:{port}",
    }
    environment = {
        **environment,
        **_given_variable("WEBHOOK_ALLOW_LOOPBACK"),
        **_given_variable("WALLET_SIGN_IN_DOMAIN"),
    }
    if simulator_port is not None:
        environment = {**environment, **circle_settings.settings_for(simulator_port), "PYTHONPATH": base}
        # First, so that it runs before the programs that pay through it.
        endpoint = f"http://{HOST}:{port}/provider/circle/notifications"
        commands = {
            "circle": circle_settings.simulator_command(
                port=simulator_port, home=_simulator_home(), notify=endpoint
            ),
            **commands,
        }
    return [
        Program(
            name, line, var / "log" / f"{name}.log", {**environment, **programs.program_environment(name)}
        )
        for name, line in commands.items()
    ]


def _given_variable(name: str) -> Mapping[str, str]:
    """Return the variable if it is set, else an empty mapping."""
    return {name: os.environ[name]} if name in os.environ else {}


def _simulator_home() -> Path:
    """Return the simulator's directory, beside the database whose payouts it has made."""
    inside = settings.BASE_DIR / "var" if settings.DATABASE_URL_GIVEN else home.home_directory()
    return Path(inside) / "circle_simulator"


def _revive_servers(started: set[str]) -> str | None:
    """Start embedded servers that died, and count them in `started` as this run's own."""
    revived, silent = embedded.revive_unset()
    started |= revived
    lines = [f"{name}: the embedded server was down and has been started again" for name in sorted(revived)]
    lines += [f"{name}: the embedded server does not answer" for name in sorted(silent)]
    return "\n".join(lines) or None


def _with_own_connection(read: Callable[[], Answer]) -> Callable[[], Answer]:
    """Return a function that calls `read` and closes the connection of its thread."""

    def read_apart() -> Answer:
        try:
            return read()
        finally:
            connections.close_all()

    return read_apart


def _welcome_text(port: int, simulator_port: int | None) -> str:
    circle = f"  simulator     http://{HOST}:{simulator_port} (Circle)\n" if simulator_port else ""
    by_role = demo_data.STAFF_BY_ROLE.values()
    staff = "".join(f"                {email} / {demo_data.STAFF_PASSWORD}\n" for email in by_role)
    return (
        "\nGigStream is starting\n"
        f"  admin         http://{HOST}:{port}/admin/\n"
        f"  staff         {demo_data.STAFF_USERNAME} / {demo_data.STAFF_PASSWORD}\n"
        f"{staff}"
        f"  worker        {demo_data.WORKER_EMAIL} / {demo_data.WORKER_PASSWORD}\n"
        f"  platform key  {demo_data.PLATFORM_API_KEY}\n"
        f"  quests        http://{HOST}:{port}/admin/reputation/quest/\n"
        f"  guide         docs/api.md, description of the API http://{HOST}:{port}/api/docs/\n"
        f"{circle}"
        "  to stop       Ctrl-C\n"
    )


def _work_done_since(began_at: datetime) -> str:
    released = LedgerEntry.objects.filter(kind="release", created_at__gte=began_at).count()
    payouts = Transaction.objects.filter(type="payout", status="confirmed", confirmed_at__gte=began_at)
    due = first_payout_due(timezone.now())
    rewards = QuestEvent.objects.filter(status__in=REWARDED, granted_at__gte=began_at)
    settled = rewards.filter(settled_at__gte=began_at)
    when = f", next payout due {due:%H:%M:%S} UTC" if due else ""
    return (
        f"streams released {released}, payouts confirmed {payouts.count()},"
        f" quest rewards granted {rewards.count()}, settled {settled.count()}{when}"
    )


def _frequent_heartbeats() -> Mapping[str, tuple[float, datetime | None]]:
    """Return the frequent jobs by name, each with its seconds between runs and the end of its last run."""
    jobs = JobHeartbeat.objects.filter(
        name__in=settings.CELERY_BEAT_SCHEDULE,  # rows of jobs that are no longer scheduled remain
        every_seconds__lte=LONGEST_WATCHED_SECONDS,
    )
    return {job.name: (float(job.every_seconds), job.last_finished_at) for job in jobs}


@contextlib.contextmanager
def _handled_signals(handler: Callable[[int, object], None]) -> Iterator[None]:
    """Send stop signals to `handler` within the block, except those that nohup ignores."""
    heard = [number for number in STOP_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in heard}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


@contextlib.contextmanager
def _delayed_signals() -> Iterator[None]:
    """Delay stop signals until the end of the block; then they end the program."""
    came: list[int] = []
    with _handled_signals(lambda number, _frame: came.append(number)):
        yield
    if came:
        _exit_by_signal(came[0], None)


def _exit_by_signal(number: int, _frame: object) -> None:
    """Exit through the `finally` clauses."""
    sys.exit(128 + number)


def _stop_servers(names: set[str]) -> None:
    """Stop the servers that this run started, ignoring further stop signals."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    connections.close_all()
    embedded.stop_servers(names)
