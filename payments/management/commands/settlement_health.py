from typing import Any

from django.core.management.base import CommandError

from audit.database_identity.commands import MoneyCommand
from gigstream.core.clock import database_now
from payments.settlement.health import State, settlement_health


class Command(MoneyCommand):
    help = "how payouts are doing, figure by figure; exit 1 when critical"

    def handle(self, **options: Any) -> None:
        """Print one line a figure."""
        health = settlement_health(database_now())
        for figure in health.figures:
            line = f"{figure.state.name.lower():9}{figure.name:22}{figure.value:18}{figure.limit}"
            self.stdout.write(line)
        if health.state == State.CRITICAL:
            raise CommandError(health.text())
