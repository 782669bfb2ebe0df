from typing import Any

from django.core.management.base import CommandError, CommandParser

from audit.database_identity.commands import MoneyCommand
from gigstream.core.clock import database_now
from gigstream.core.money import usdc
from payments.oracle.calculations import percent_text
from payments.oracle.health import oracle_health, service_figures
from payments.oracle.selectors.figures import sync_figures
from payments.settlement.health import Figure, State


class Command(MoneyCommand):
    help = "how records on the chain are doing, figure by figure; exit 1 when critical"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--hours", type=int, default=24, help="calls and operations within them (24)")

    def handle(self, *, hours: int, **options: Any) -> None:
        """Print one line a figure."""
        if hours < 1:
            raise CommandError("hours are 1 or more")
        now = database_now()
        health, figures = oracle_health(now, hours=hours), sync_figures(hours=hours, now=now)
        for figure in [*health.figures, *service_figures(figures)]:
            self._write_figure(figure)
        off_chain = (
            f"{percent_text(*figures.off_chain)} % of {figures.events}" if figures.off_chain else "none"
        )
        for name, value in (
            ("confirmed, given up", f"{figures.confirmed}, {figures.dead}"),
            ("pending, submitted", f"{figures.pending}, {figures.submitted}"),
            ("creators written", str(figures.creators_written)),
            ("gas", f"{figures.gas_used}, {usdc(figures.fee)}"),
            ("saved by batches", f"{figures.saved_gas}, {usdc(figures.saved_fee)}"),
            ("events off chain", off_chain),
            ("errors", ", ".join(f"{kind} {count}" for kind, count in figures.errors.items())),
        ):
            self.stdout.write(f"{'':9}{name:22}{value}")
        if health.state == State.CRITICAL:
            raise CommandError(health.text())

    def _write_figure(self, figure: Figure) -> None:
        self.stdout.write(f"{figure.state.name.lower():9}{figure.name:22}{figure.value:18}{figure.limit}")
