"""`manage.py backtest_forecast`: the error of the earnings forecast on recorded weeks."""

from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from gigstream.core.clock import database_now
from gigstream.core.postgres.transactions import long_snapshot
from loans.policy.calculations.forecast import LONGEST_HISTORY, SHORT_HISTORY, WEEK
from loans.policy.calculations.forecast_trials import Accuracy, Trial, measure_accuracy, run_trials
from loans.policy.selectors.offers import counted_earnings
from workers.profiles.selectors import worker_batches


class Command(BaseCommand):
    help = (
        "Forecast recorded weeks from the days before them and print the error, by worker and in sum."
        " Writes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days", type=int, default=LONGEST_HISTORY, help="how far back forecasts are made (90)"
        )
        parser.add_argument("--step", type=int, default=WEEK, help="days between two forecasts (7)")
        parser.add_argument(
            "--shortest",
            type=int,
            default=SHORT_HISTORY,
            help="days of history that a forecast needs (14: below it forecasts are cut on purpose)",
        )
        parser.add_argument("--worker", type=UUID, action="append", default=[], help="only this worker")
        parser.add_argument("--sum", action="store_true", help="print the sum over all workers only")

    def handle(self, *args: Any, **options: Any) -> None:
        for name in ("days", "step", "shortest"):
            if options[name] < 1:
                raise CommandError(f"--{name} is at least 1")
        step = options["step"]
        self.stdout.write(f"{'worker':36}  trials  MAPE %  naive %  bias %   80 %")
        everything: list[Trial] = []
        with long_snapshot():
            for worker_id, history in _pay_histories(options["worker"], options["days"] + LONGEST_HISTORY):
                found = list(
                    run_trials(history, reach=options["days"], step=step, shortest=options["shortest"])
                )
                everything += found
                if found and not options["sum"]:
                    self.stdout.write(_format_line(str(worker_id), measure_accuracy(found)))
        self.stdout.write(_format_line("all workers", measure_accuracy(everything)))


def _pay_histories(only: Sequence[UUID], days: int) -> Iterator[tuple[UUID, list[Decimal]]]:
    """Yield each worker's pay by day, as far as it counts."""
    now = database_now()
    for batch in worker_batches(only):
        found = counted_earnings(batch, now=now, days=days)
        yield from ((worker_id, found[worker_id]) for worker_id in batch if worker_id in found)


def _format_line(name: str, of: Accuracy) -> str:
    figures = (of.mape, of.mape_of_last_week, of.bias, of.coverage)
    shown = ["-" if figure is None else str(figure) for figure in figures]
    return f"{name:36} {of.trials:>7} {shown[0]:>7} {shown[1]:>8} {shown[2]:>7} {shown[3]:>6}"
