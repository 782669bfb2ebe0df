from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser

from audit.claims.services import open_claims
from audit.database_identity.commands import MoneyCommand
from gigstream.core.clock import database_now
from payments import services
from payments.models import Discrepancy, Reconciliation


class Command(MoneyCommand):
    help = "compare the ledger, the provider and the chain; exit 1 when they differ"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--hours", type=int, default=48, help="transfers made within them (48)")
        parser.add_argument(
            "--after-restore",
            action="store_true",
            help="first put the provider's transfers back on the books, and stop payouts until that is done",
        )

    def handle(self, *, hours: int, after_restore: bool, **options: Any) -> None:
        """Print the counts, and every open discrepancy with its age and its holder."""
        now = database_now()
        if after_restore:
            self._rediscover(now - timedelta(hours=hours), now)
        services.reconcile_settlements(since=now - timedelta(hours=hours), now=now)
        run = Reconciliation.objects.order_by("-pk")[0]
        self.stdout.write(f"{run.matched} matched")
        found = list(Discrepancy.objects.filter(resolved_at=None).order_by("created_at"))
        claimed = open_claims("discrepancy")
        for row in found:
            age = str(now - row.created_at).partition(".")[0]
            holder = f"staff {claimed[str(row.pk)].claimed_by}" if str(row.pk) in claimed else "nobody"
            self.stdout.write(f"{row.bucket:16}{row.subject:60}{age:>18}  {holder}")
        if found:
            raise CommandError(f"{len(found)} open discrepancies")

    def _rediscover(self, since: datetime, now: datetime) -> None:
        found = services.rediscover_payouts(since=since, now=now)
        self.stdout.write(f"{found.submitted} pending here and known there, {found.adopted} put back")
        for transfer_id in found.unplaced:
            self.stdout.write(f"not placed: {transfer_id}")
        state = "stopped: staff must look" if found.unplaced else "free to go on"
        self.stdout.write(f"payouts are {state}")
