"""`manage.py backtest_policy`: gains and losses of workers under other rules for advances."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from gigstream.core.clock import database_now
from gigstream.core.money import ZERO, usdc
from gigstream.core.postgres.transactions import long_snapshot
from loans.applications.services import HIGHEST_FEE_BPS
from loans.policy.calculations.policy import HIGHEST_SCORE, Outcome, Rules, compare_outcomes
from loans.policy.selectors.policy_history import WorkerHistory, read_histories
from reputation.scores.replay import Deltas
from workers.profiles.selectors import worker_batches

DELTAS = tuple(field.name for field in fields(Deltas))


def _parse_pair(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    try:
        return name, int(number)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not NAME=NUMBER") from error


@dataclass(slots=True)
class Sums:
    """Over all workers: how many became eligible or ceased to be, and what changed in USDC."""

    workers: int = 0
    gain_eligibility: int = 0
    lose_eligibility: int = 0
    maximum: Decimal = ZERO
    lent: Decimal = ZERO
    fees: Decimal = ZERO
    unexplained: int = 0

    def add(self, before: Outcome, after: Outcome, unexplained: int) -> None:
        self.workers += 1
        self.gain_eligibility += after.eligible and not before.eligible
        self.lose_eligibility += before.eligible and not after.eligible
        self.maximum += after.maximum - before.maximum
        self.lent += after.lent - before.lent
        self.fees += after.fees - before.fees
        self.unexplained += unexplained


class Command(BaseCommand):
    help = (
        "Replay the last days of reputations and advances under other rules and print, by worker and in sum,"
        " who would gain or lose how much. Writes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=90, help="of history to replay (90)")
        parser.add_argument(
            "--fee",
            type=_parse_pair,
            action="append",
            default=[],
            metavar="SCORE=BPS",
            help="the fee from this score on; all bands must be given (800=200 and 600=350)",
        )
        parser.add_argument("--lowest-score", type=int, help="that an advance needs (600)")
        parser.add_argument(
            "--delta",
            type=_parse_pair,
            action="append",
            default=[],
            metavar="NAME=POINTS",
            help=f"points of a fact for a reputation: {', '.join(DELTAS)}",
        )
        parser.add_argument("--worker", type=UUID, action="append", default=[], help="only this worker")
        parser.add_argument("--all", action="store_true", help="print workers without a change as well")

    def handle(self, *args: Any, **options: Any) -> None:
        rules = _read_rules(options)
        if options["days"] < 1:
            raise CommandError("--days is at least 1")
        sums = Sums()
        with long_snapshot():
            for history in _read_histories(options["worker"], options["days"]):
                before, after = compare_outcomes(rules, history.present, history.events, history.advances)
                sums.add(before, after, history.unexplained)
                if options["all"] or before != after:
                    self.stdout.write(_format_line(history, before, after))
        self._print(sums)

    def _print(self, sums: Sums) -> None:
        self.stdout.write(
            f"of {sums.workers} workers {sums.gain_eligibility} become eligible,"
            f" {sums.lose_eligibility} are no longer"
        )
        self.stdout.write(
            f"maximum {_format_signed(sums.maximum)}, lent {_format_signed(sums.lent)},"
            f" fees {_format_signed(sums.fees)}"
        )
        if sums.unexplained:
            self.stdout.write(
                f"not replayed: {sums.unexplained} advances that do not say what they were judged by"
            )


def _read_rules(options: dict[str, Any]) -> Rules:
    """Return the rules that the options name. Raises CommandError."""
    rules = Rules()
    if options["fee"]:
        try:
            fees = {int(score): bps for score, bps in options["fee"]}
        except ValueError as error:
            raise CommandError("--fee is SCORE=BPS, both whole numbers") from error
        if not all(
            0 <= score <= HIGHEST_SCORE and 0 <= bps <= HIGHEST_FEE_BPS for score, bps in fees.items()
        ):
            raise CommandError(f"scores are 0 to {HIGHEST_SCORE}, fees 0 to {HIGHEST_FEE_BPS} bps")
        bands = tuple(sorted(fees.items(), reverse=True))
        rules = replace(rules, fees=bands, lowest_score=bands[-1][0])
    if options["lowest_score"] is not None:
        if not 0 <= options["lowest_score"] <= HIGHEST_SCORE:
            raise CommandError(f"--lowest-score is 0 to {HIGHEST_SCORE}")
        rules = replace(rules, lowest_score=options["lowest_score"])
    changes = dict(options["delta"])
    unknown = sorted(set(changes) - set(DELTAS))
    if unknown:
        raise CommandError(f"there is no delta {', '.join(unknown)}: there are {', '.join(DELTAS)}")
    return replace(rules, deltas=replace(rules.deltas, **changes))


def _read_histories(only: Sequence[UUID], days: int) -> Iterator[WorkerHistory]:
    now = database_now()
    for batch in worker_batches(only):
        yield from read_histories(batch, since=now - timedelta(days=days), now=now)


def _format_line(one: WorkerHistory, before: Outcome, after: Outcome) -> str:
    def shown(outcome: Outcome, name: str) -> str:
        value = getattr(outcome, name)
        return usdc(value).removesuffix(" USDC") if isinstance(value, Decimal) else str(value)

    def change(name: str) -> str:
        old, new = shown(before, name), shown(after, name)
        return f"{name} {old}" if old == new else f"{name} {old} -> {new}"

    eligible = {
        (True, True): "eligible",
        (False, False): "not eligible",
        (False, True): "becomes eligible",
        (True, False): "no longer eligible",
    }[before.eligible, after.eligible]
    figures = ", ".join(change(name) for name in ("reputation", "score", "maximum", "lent", "fees"))
    return f"{one.worker_id} {eligible}: {figures}"


def _format_signed(value: Decimal) -> str:
    return f"{'-' if value < 0 else '+'}{usdc(abs(value))}"
