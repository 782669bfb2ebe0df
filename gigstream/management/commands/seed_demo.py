"""`manage.py seed_demo`: a believable history, made once."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand

from audit.context import SYSTEM, acting
from audit.models import AuditLog
from audit.services import Record, record_many
from gigstream import demo_data
from gigstream.lib.clock import database_now
from gigstream.management.demo_story import Story
from loans.models import Loan
from payments.models import Stream, Transaction
from platforms.models import Platform, Task
from reputation.models import ReputationEvent
from workers.models import Worker

SEEDED = "demo.seeded"


class Command(BaseCommand):
    help = "Make the demo's people, work and money, once; print what there is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--reset", action="store_true", help="empty every table first (never in production)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("the demo is not for production")
        if options["reset"]:
            call_command("flush", interactive=False, verbosity=0)
        if not AuditLog.objects.filter(action=SEEDED).exists():
            self._seed()
        self._print_summary()

    def _seed(self) -> None:
        if Platform.objects.exists() or Worker.objects.exists():
            raise CommandError(
                "there are workers or platforms already, but no finished demo: "
                "`manage.py seed_demo --reset` empties the tables and begins again"
            )
        users = get_user_model().objects
        if not users.filter(username=demo_data.STAFF_USERNAME).exists():
            users.create_superuser(demo_data.STAFF_USERNAME, demo_data.STAFF_EMAIL, demo_data.STAFF_PASSWORD)
        with acting(SYSTEM):
            Story(database_now()).tell()
            record_many([Record(SEEDED, "demo")])

    def _print_summary(self) -> None:
        for name, count in summary().items():
            self.stdout.write(f"{count:>6}  {name}")


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
