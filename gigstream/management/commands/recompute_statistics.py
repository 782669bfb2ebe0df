"""`manage.py recompute_statistics`: the derived columns, rebuilt from the rows they follow from."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

from audit import books
from gigstream.lib.db import atomic_with_retry, limit_minutes
from payments import services as payments
from payments import statistics as activity
from platforms import statistics
from reputation import services as reputation
from workers import services as workers

# What is rebuilt, and the invariant that says when a row of it is wrong.
INVARIANTS = {
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
    help = "Rebuild every derived column (statistics, reputation, ages) and say how many rows were wrong."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count the wrong rows")

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = _count() if options["dry_run"] else _rebuild()
        for name, rows in wrong.items():
            self.stdout.write(f"{name:<18} {rows:>8} wrong")
        if options["dry_run"]:
            self.stdout.write("nothing was changed")


def _count() -> Mapping[str, int]:
    found = {result.name: result.violations for result in books.check_books(INVARIANTS.values())}
    return {name: found[invariant] for name, invariant in INVARIANTS.items()}


@atomic_with_retry
def _rebuild() -> Mapping[str, int]:
    """All of it in one transaction; the workers are locked first and stay locked."""
    limit_minutes(30)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '60s'")
    return {
        **statistics.recompute_all(),
        "reputation scores": reputation.recompute_scores(),
        "account ages": workers.recompute_account_ages(),
        "last activity": activity.recompute_last_active(),
        "transaction days": activity.reopen_wrong_days(),
        "task payouts": payments.recompute_task_payouts(),
    }
