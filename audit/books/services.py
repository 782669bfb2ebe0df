"""Checks of the books: each registered invariant, at a single instant, and the stored results."""

import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.books.invariant_registry import Invariant, all_invariants
from audit.books.signals import books_checked
from audit.models import BookCheck
from audit.notices.services import notify
from audit.notices.vocabulary import BOOKS_BROKEN
from gigstream.core.clock import database_now
from gigstream.core.people.staff_names import actor_text, members_who_may
from gigstream.core.postgres.transactions import long_snapshot
from gigstream.core.unit import in_unit

logger = logging.getLogger(__name__)

SHOWN = 5
MAY_READ = "audit.view_bookcheck"


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
    broken_before = _broken_in_last_run()
    checks = BookCheck.objects.bulk_create(
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
    broken = [check for check in checks if check.violations]
    _notify_of_broken([check for check in broken if check.name not in broken_before], now)
    for result in results:
        if not result.passed:
            logger.error(
                "the books do not hold: %s, %s times, first %s",
                result.name,
                result.violations,
                result.offenders,
            )


def _broken_in_last_run() -> set[str]:
    last = BookCheck.objects.order_by("-checked_at").values("checked_at")[:1]
    return set(BookCheck.objects.filter(checked_at=last, violations__gt=0).values_list("name", flat=True))


def _notify_of_broken(checks: Sequence[BookCheck], now: datetime) -> None:
    """Notify all who may read the checks of each invariant that held in the run before."""
    readers = [actor_text(member) for member in members_who_may(MAY_READ)] if checks else []
    for check in checks:
        notify(
            readers,
            BOOKS_BROKEN,
            subject_type="bookcheck",
            subject_id=check.pk,
            words=f"{check.words} It is violated {check.violations} times.",
            moment=now,
        )
