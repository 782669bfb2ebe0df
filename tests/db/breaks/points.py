"""Points and their balances."""

from reputation.models import PointsBalance, PointsEntry
from tests.support.database.breaks import breaks
from tests.support.database.rich_history import History


def _entry(h: History, amount: int, after: int, **changes: object) -> PointsEntry:
    """Insert an entry of the debtor with the house."""
    values = {"kind": "grant", "reason": "a test", "created_at": h.now, "earned_at": h.now, **changes}
    entry = PointsEntry(worker=h.debtor, amount=amount, balance_after=after, **values)
    PointsEntry.unguarded.bulk_create([entry])
    return entry


def _balance(h: History, balance: int) -> None:
    PointsBalance.unguarded.bulk_create([PointsBalance(worker=h.debtor, balance=balance)])


@breaks("points_balances_are_the_sums_of_their_entries")
def balance_without_entries(h: History) -> None:
    _balance(h, 1)


@breaks("points_balances_are_the_sums_of_their_entries")
def entry_without_a_balance(h: History) -> None:
    _entry(h, 1, 1)


@breaks("points_entries_follow_each_other")
def entry_from_another_balance(h: History) -> None:
    _entry(h, 5, 5)
    _entry(h, 5, 11)
    _balance(h, 10)


@breaks("points_are_never_below_zero")
def balance_below_zero(h: History) -> None:
    _entry(h, -1, -1)
    _balance(h, -1)


@breaks("points_are_granted_and_reversed_once")
def reversed_twice(h: History) -> None:
    first, _ = _entry(h, 5, 5), _entry(h, 5, 10)
    for after in (5, 0):
        _entry(h, -5, after, kind="reversal", reverses=first)
    _balance(h, 0)


@breaks("points_reversals_undo_their_entries")
def reversed_in_part(h: History) -> None:
    _entry(h, -4, 1, kind="reversal", reverses=_entry(h, 5, 5))
    _balance(h, 1)


@breaks("points_reversals_undo_their_entries")
def reversed_in_another_period(h: History) -> None:
    first = _entry(h, 5, 5)
    _entry(h, -5, 0, kind="reversal", reverses=first, earned_at=h.later())
    _balance(h, 0)
