from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser

from audit.claims import open_claims
from audit.commands import MoneyCommand
from gigstream.lib.clock import database_now
from payments import services
from payments.models import Reconciliation, ReconciliationBreak


class Command(MoneyCommand):
    help = "compare the ledger, the provider and the chain; exit 1 when they differ"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--hours", type=int, default=48, help="transfers made within them (48)")
        parser.add_argument(
            "--after-restore",
            action="store_true",
            help="first put back on the books what the provider has; payouts are stopped until that is done",
        )

    def handle(self, *, hours: int, after_restore: bool, **options: Any) -> None:
        """Prints what was counted, and every open break with its age and who has claimed it."""
        now = database_now()
        if after_restore:
            self._rediscover(now - timedelta(hours=hours), now)
        services.reconcile_settlements(since=now - timedelta(hours=hours), now=now)
        run = Reconciliation.objects.order_by("-pk")[0]
        self.stdout.write(f"{run.matched} matched")
        breaks = list(ReconciliationBreak.objects.filter(resolved_at=None).order_by("created_at"))
        claimed = open_claims("reconciliationbreak")
        for row in breaks:
            age = str(now - row.created_at).partition(".")[0]
            holder = f"staff {claimed[str(row.pk)].claimed_by}" if str(row.pk) in claimed else "nobody"
            self.stdout.write(f"{row.bucket:16}{row.subject:60}{age:>18}  {holder}")
        if breaks:
            raise CommandError(f"{len(breaks)} open breaks")

    def _rediscover(self, since: datetime, now: datetime) -> None:
        found = services.rediscover_payouts(since=since, now=now)
        self.stdout.write(f"{found.submitted} pending here and known there, {found.adopted} put back")
        for stranger in found.strangers:
            self.stdout.write(f"not placed: {stranger}")
        state = "stopped: staff must look" if found.strangers else "free to go on"
        self.stdout.write(f"payouts are {state}")
