"""`manage.py seed_demo`: a believable history, made once; with `--scale`, a large one."""

import sys
import time
from argparse import ArgumentParser
from typing import Any, TextIO

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from tqdm import tqdm

from audit.commands import MoneyCommand
from audit.context import SYSTEM, acting
from audit.models import AuditLog
from audit.services import Record, record_many
from gigstream import demo_data
from gigstream.lib.clock import database_now
from gigstream.management import scale
from gigstream.management.demo_story import ProviderAt, Story
from gigstream.management.past_simulator import PastSimulator
from loans.models import Loan
from payments.models import Stream, Transaction
from platforms.models import Platform, Task
from reputation.models import ReputationEvent
from workers.models import Worker

SEEDED = "demo.seeded"


class Command(MoneyCommand):
    help = "Make the demo's people, work and money, once; print what there is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--reset", action="store_true", help="empty every table first (never in production)"
        )
        parser.add_argument(
            "--scale",
            nargs="?",
            type=int,
            const=scale.USUAL,
            metavar="TASKS",
            help=f"make a year of this many tasks instead ({scale.USUAL} when no number follows)",
        )

    def execute(self, *args: Any, **options: Any) -> str | None:
        if settings.PRODUCTION:
            raise CommandError("the demo is not for production")
        return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        tasks = options["scale"]
        if tasks is not None and not scale.FEWEST <= tasks <= scale.MOST:
            raise CommandError(f"--scale takes {scale.FEWEST} to {scale.MOST} tasks, not {tasks}")
        if options["reset"]:
            call_command("flush", interactive=False, verbosity=0)
        if tasks is not None:
            self._require_empty("only empty tables can take a year of tasks")
            self._build(tasks, options.get("stdout") or sys.stdout)
        elif not is_seeded():
            self._require_empty("there is no finished demo")
            with acting(SYSTEM):
                Story(database_now(), _provider_at()).tell()
            self._finish({})
        self._let_staff_in()
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
        """It is on record that the demo is complete."""
        with acting(SYSTEM):
            record_many([Record(SEEDED, "demo", metadata=metadata)])

    @staticmethod
    def _let_staff_in() -> None:
        """There are logins for staff: one that may do all, and one for each role."""
        users = get_user_model().objects
        if not users.filter(username=demo_data.STAFF_USERNAME).exists():
            users.create_superuser(demo_data.STAFF_USERNAME, demo_data.STAFF_EMAIL, demo_data.STAFF_PASSWORD)
        for role, email in demo_data.STAFF_BY_ROLE.items():
            if not users.filter(username=email).exists():
                member = users.create_user(email, email, demo_data.STAFF_PASSWORD, is_staff=True)
                member.groups.add(Group.objects.get(name=role))

    def _build(self, tasks: int, out: TextIO) -> None:
        """Phase by phase, with a bar on a terminal and a line each elsewhere."""
        phases = scale.Year(tasks, database_now()).phases()
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
        self._finish({"tasks": tasks})

    def _print_summary(self) -> None:
        for name, count in summary().items():
            self.stdout.write(f"{count:>6}  {name}")


def _provider_at() -> ProviderAt | None:
    """With Circle's simulator the history settles through it, so that both books have it."""
    return PastSimulator().provider_at if settings.CIRCLE_TWIN else None


def is_seeded() -> bool:
    """Whether the demo is complete."""
    return AuditLog.objects.filter(action=SEEDED).exists()


def summary() -> dict[str, int]:
    """How many of each there are now."""
    return {
        "workers": Worker.objects.count(),
        "platforms": Platform.objects.count(),
        "tasks": Task.objects.count(),
        "streams": Stream.objects.count(),
        "payouts with a tx hash": Transaction.objects.filter(type="payout", tx_hash__isnull=False).count(),
        "reputation events": ReputationEvent.objects.count(),
        "loans": Loan.objects.count(),
        "audit logs": AuditLog.objects.count(),
    }
