"""`manage.py backtest_forecast`: how far off would the earnings forecast have been?"""

from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from gigstream.lib.clock import database_now
from gigstream.lib.db import long_snapshot
from loans.forecast import LONGEST_HISTORY, SHORT_HISTORY, WEEK
from loans.forecast_trials import Accuracy, Trial, accuracy, trials
from loans.offers import counted_earnings
from workers.selectors import worker_batches


class Command(BaseCommand):
    help = (
        "Forecast recorded weeks from what came before them and print the error, by worker and in sum."
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
        parser.add_argument("--worker", type=UUID, action="append", default=[], help="only this one")
        parser.add_argument("--sum", action="store_true", help="print the sum over all workers only")

    def handle(self, *args: Any, **options: Any) -> None:
        for name in ("days", "step", "shortest"):
            if options[name] < 1:
                raise CommandError(f"--{name} is at least 1")
        step = options["step"]
        self.stdout.write(f"{'worker':36}  trials  MAPE %  naive %  bias %   80 %")
        everything: list[Trial] = []
        with long_snapshot():
            for worker_id, history in _histories(options["worker"], options["days"] + LONGEST_HISTORY):
                found = list(trials(history, reach=options["days"], step=step, shortest=options["shortest"]))
                everything += found
                if found and not options["sum"]:
                    self.stdout.write(_line(str(worker_id), accuracy(found)))
        self.stdout.write(_line("all workers", accuracy(everything)))


def _histories(only: Sequence[UUID], days: int) -> Iterator[tuple[UUID, list[Decimal]]]:
    """Each worker's pay by day, as far as it counts."""
    now = database_now()
    for batch in worker_batches(only):
        found = counted_earnings(batch, now=now, days=days)
        yield from ((worker_id, found[worker_id]) for worker_id in batch if worker_id in found)


def _line(name: str, of: Accuracy) -> str:
    figures = (of.mape, of.mape_of_last_week, of.bias, of.coverage)
    shown = ["-" if figure is None else str(figure) for figure in figures]
    return f"{name:36} {of.trials:>7} {shown[0]:>7} {shown[1]:>8} {shown[2]:>7} {shown[3]:>6}"
