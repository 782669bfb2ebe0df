from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gigstream.lib.clock import database_now
from payments import services
from payments.models import Reconciliation, ReconciliationBreak


class Command(BaseCommand):
    help = "compare the ledger, the provider and the chain; exit 1 when they differ"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--hours", type=int, default=48, help="transfers made within them (48)")

    def handle(self, *, hours: int, **options: Any) -> None:
        """Prints what was counted, and every open break with its age and owner."""
        now = database_now()
        services.reconcile_settlements(since=now - timedelta(hours=hours), now=now)
        run = Reconciliation.objects.order_by("-pk")[0]
        self.stdout.write(f"{run.matched} matched")
        breaks = list(ReconciliationBreak.objects.filter(resolved_at=None).order_by("created_at"))
        for row in breaks:
            age = str(now - row.created_at).partition(".")[0]
            self.stdout.write(f"{row.bucket:16}{row.subject:60}{age:>18}  {row.owner or 'nobody'}")
        if breaks:
            raise CommandError(f"{len(breaks)} open breaks")
