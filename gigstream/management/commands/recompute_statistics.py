"""`manage.py recompute_statistics`: a rebuild of the derived columns from their source rows."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

from audit.books import services as books
from gigstream.core.postgres.transactions import limit_minutes
from gigstream.core.unit import in_unit
from payments import services as payments
from payments.figures.services import statistics as activity
from platforms.figures import services as statistics
from reputation.scores import services as reputation
from workers import services as workers

# The rebuilt columns, with the invariants that find their wrong rows.
INVARIANTS = {
    "platform rewards": "platform_rewards_follow_from_transactions",
    "workers": "worker_statistics_follow_from_tasks",
    "engagements": "engagements_follow_from_tasks",
    "platforms": "platform_statistics_follow_from_tasks",
    "tallies": "task_tallies_follow_from_tasks",
    "reputation scores": "reputation_score_follows_from_events",
    "account ages": "account_age_follows_from_its_day",
    "last activity": "last_activity_covers_transactions",
    "transaction days": "closed_days_follow_from_transactions",
    "task payouts": "task_payout_status_follows_from_payouts",
}


class Command(BaseCommand):
    help = "Rebuild all derived columns (statistics, reputation, ages) and print the number of wrong rows."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count the wrong rows")

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = _count_wrong_rows() if options["dry_run"] else _rebuild_columns()
        for name, rows in wrong.items():
            self.stdout.write(f"{name:<18} {rows:>8} wrong")
        if options["dry_run"]:
            self.stdout.write("nothing was changed")


def _count_wrong_rows() -> Mapping[str, int]:
    found = {result.name: result.violations for result in books.check_books(INVARIANTS.values())}
    return {name: found[invariant] for name, invariant in INVARIANTS.items()}


@in_unit
def _rebuild_columns() -> Mapping[str, int]:
    """Rebuild all columns in a single transaction. Accounts are locked before workers."""
    limit_minutes(30)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '60s'")
    return {
        "platform rewards": payments.recompute_platform_rewards(),
        **statistics.recompute_all(),
        "reputation scores": reputation.recompute_scores(),
        "account ages": workers.recompute_account_ages(),
        "last activity": activity.recompute_last_active(),
        "transaction days": activity.reopen_wrong_days(),
        "task payouts": payments.recompute_task_payouts(),
    }
