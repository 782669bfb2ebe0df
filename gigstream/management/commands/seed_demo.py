"""`manage.py seed_demo`: demo data, created once; with `--scale`, a year of many tasks."""

import sys
import time
from argparse import ArgumentParser
from typing import Any, TextIO

from django.conf import settings
from django.core.management import CommandError, call_command
from tqdm import tqdm

from audit.database_identity.commands import MoneyCommand
from audit.log.context import SYSTEM, acting
from audit.log.services import Record, record_many
from audit.models import AuditLog
from gigstream.core.clock import database_now
from gigstream.demo import scale
from gigstream.demo.scale.usage import MOST_USAGE
from gigstream.demo.staff import let_staff_in
from gigstream.demo.story import ProviderAt, Story
from gigstream.simulators.past_simulator import PastSimulator
from loans.models import Loan
from payments.models import Stream, Transaction
from platforms.models import CreatorProfile, Platform, Task, UsageEvent
from reputation.models import PointsEntry, Quest, QuestEvent, ReputationEvent, Submission
from workers.models import Worker

SEEDED = "demo.seeded"


class Command(MoneyCommand):
    help = "Create the demo's accounts, tasks and payments once; print the number of rows."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--reset", action="store_true", help="empty all tables first (never in production)"
        )
        parser.add_argument(
            "--scale",
            nargs="?",
            type=int,
            const=scale.USUAL,
            metavar="TASKS",
            help=f"create a year of this many tasks instead ({scale.USUAL} without a number)",
        )
        parser.add_argument(
            "--usage",
            type=int,
            default=0,
            metavar="EVENTS",
            help="with --scale: also sixty days of this many events of use",
        )

    def execute(self, *args: Any, **options: Any) -> str | None:
        if settings.PRODUCTION:
            raise CommandError("the demo is not for production")
        return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        tasks = options["scale"]
        if tasks is not None and not scale.FEWEST <= tasks <= scale.MOST:
            raise CommandError(f"--scale takes {scale.FEWEST} to {scale.MOST} tasks, not {tasks}")
        usage = options["usage"]
        if not 0 <= usage <= MOST_USAGE or (usage and tasks is None):
            raise CommandError(f"--usage takes up to {MOST_USAGE} events, beside --scale, not {usage}")
        if options["reset"]:
            call_command("flush", interactive=False, verbosity=0)
        if tasks is not None:
            self._require_empty("a year of tasks needs empty tables")
            self._build(tasks, usage, options.get("stdout") or sys.stdout)
        elif not is_seeded():
            self._require_empty("there is no finished demo")
            with acting(SYSTEM):
                Story(database_now(), _provider_at()).create()
            self._finish({})
        let_staff_in()
        self._print_summary()

    @staticmethod
    def _require_empty(why: str) -> None:
        if Platform.objects.exists() or Worker.objects.exists():
            raise CommandError(
                f"there are workers or platforms already, and {why}: "
                "with --reset the tables are emptied first"
            )

    @staticmethod
    def _finish(metadata: dict[str, Any]) -> None:
        """Record that the demo is complete."""
        with acting(SYSTEM):
            record_many([Record(SEEDED, "demo", metadata=metadata)])

    def _build(self, tasks: int, usage: int, out: TextIO) -> None:
        """Run the phases, with a progress bar on a terminal and a line for each phase elsewhere."""
        phases = scale.Year(tasks, usage, database_now()).phases()
        on_terminal = self.stdout.isatty()
        total = sum(phase.share for phase in phases)
        with tqdm(total=total, unit="%", file=out, disable=not on_terminal) as bar:
            for phase in phases:
                bar.set_description(f"{phase.name:<12}")
                began = time.monotonic()
                phase.run()
                bar.update(phase.share)
                if not on_terminal:
                    self.stdout.write(f"{phase.name:<12} {time.monotonic() - began:>7.1f} s")
        self._finish({"tasks": tasks, **({"usage": usage} if usage else {})})

    def _print_summary(self) -> None:
        for name, count in count_rows().items():
            self.stdout.write(f"{count:>6}  {name}")


def _provider_at() -> ProviderAt | None:
    """Return the simulator's provider if it is in use: the history must be in its books too."""
    return PastSimulator().provider_at if settings.CIRCLE_SIMULATOR else None


def is_seeded() -> bool:
    """Whether the demo is complete."""
    return AuditLog.objects.filter(action=SEEDED).exists()


def count_rows() -> dict[str, int]:
    """Return the number of rows of each kind."""
    return {
        "workers": Worker.objects.count(),
        "platforms": Platform.objects.count(),
        "tasks": Task.objects.count(),
        "streams": Stream.objects.count(),
        "payouts with a tx hash": Transaction.objects.filter(type="payout", tx_hash__isnull=False).count(),
        "reputation events": ReputationEvent.objects.count(),
        "loans": Loan.objects.count(),
        "quests": Quest.objects.count(),
        "quest events": QuestEvent.objects.count(),
        "points entries": PointsEntry.objects.count(),
        "submissions": Submission.objects.count(),
        "creators": CreatorProfile.objects.count(),
        "events of use": UsageEvent.objects.count(),
        "audit logs": AuditLog.objects.count(),
    }
