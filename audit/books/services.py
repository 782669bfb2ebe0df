"""Checks of the books: each registered invariant, at a single instant, and the stored results."""

import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from audit.books.invariant_registry import Invariant, all_invariants
from audit.books.signals import books_checked
from audit.models import BookCheck
from gigstream.core.clock import database_now
from gigstream.core.postgres.transactions import long_snapshot
from gigstream.core.unit import in_unit

logger = logging.getLogger(__name__)

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Result:
    """The result of an invariant: how many rows break it, and the first of them."""

    name: str
    words: str
    violations: int
    offenders: list[str]
    milliseconds: int
    money: bool = False

    @property
    def passed(self) -> bool:
        return self.violations == 0


def check_books(only: Collection[str] = ()) -> list[Result]:
    """Return the result of each invariant, or of those named, all of the same instant.

    Raises LookupError for a name that no invariant has.
    """
    unknown = set(only) - {invariant.name for invariant in all_invariants()}
    if unknown:
        raise LookupError(f"there is no invariant {', '.join(sorted(unknown))}")
    with long_snapshot():
        return [_check_invariant(each) for each in all_invariants() if not only or each.name in only]


def _check_invariant(invariant: Invariant) -> Result:
    began = time.monotonic()
    offenders = invariant.find()
    return Result(
        name=invariant.name,
        words=invariant.words,
        violations=len(offenders),
        offenders=offenders[:SHOWN],
        milliseconds=round(1000 * (time.monotonic() - began)),
        money=invariant.money,
    )


@in_unit
def record(results: Sequence[Result]) -> None:
    """Keep the results of a run, log each violated invariant as an error, and announce them."""
    now = database_now()
    books_checked.send(sender=BookCheck, results=list(results), now=now)
    BookCheck.objects.bulk_create(
        BookCheck(
            checked_at=now,
            name=result.name,
            words=result.words,
            violations=result.violations,
            offenders=result.offenders,
            milliseconds=result.milliseconds,
        )
        for result in results
    )
    for result in results:
        if not result.passed:
            logger.error(
                "the books do not hold: %s, %s times, first %s",
                result.name,
                result.violations,
                result.offenders,
            )
