"""Which earnings a debit of a worker's available money took, the oldest first (domain.md, section 4).

Every credit of such an account is a part; what a part left for the worker is covered by the debits after it.
The account's watermark stands before the oldest part that is not fully covered, so nothing here reads a whole
history.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from django.db.models import Min
from django.db.models.functions import Least

from gigstream.lib import sql
from payments.limits import PAYOUT_MINIMUM
from payments.models import Account, CoveredParts, Transaction
from payments.services import task_payouts

_SQL = Path(__file__).resolve().parent.parent / "sql"


@dataclass(frozen=True, slots=True)
class Debit:
    """An entry that has taken `amount` out of a worker's available account. An advance that leaves at once
    takes the part that it was credited as."""

    account_id: int
    entry_id: int
    amount: Decimal
    own_part: int | None = None


def cover(debits: Sequence[Debit]) -> None:
    """Write which parts the debits took, and of which tasks' pay: the oldest that no hold keeps. The accounts
    are locked, each has one debit, and their holds leave enough: the caller has checked it."""
    if not debits:
        return
    answers = sql.rows(
        sql.load(_SQL / "cover_parts.sql"),
        {
            "accounts": [debit.account_id for debit in debits],
            "entries": [debit.entry_id for debit in debits],
            "amounts": [debit.amount for debit in debits],
            "parts": [debit.own_part for debit in debits],
        },
    )
    for row in answers:
        if row["found"] != row["amount"]:
            raise ValueError(f"entry {row['entry_id']} takes {row['amount']}, but {row['found']} is free")
    refresh([debit.account_id for debit in debits])
    # What a payout takes has not left yet; what is repaid or adjusted has.
    task_payouts.refresh({task_id for row in answers for task_id in row["other_tasks"]})


def give_back(payouts: Sequence[Transaction]) -> None:
    """Uncover what these payouts took, since they did not leave: it is due again, as old as it was. The
    accounts are locked."""
    covered = CoveredParts.objects.filter(entry__transaction__in=payouts, given_back=False)
    firsts = dict(covered.order_by().values_list("account").annotate(first=Min("first_part")))
    covered.update(given_back=True)
    for account_id, first in firsts.items():
        Account.unguarded.filter(pk=account_id).update(parts_from=Least("parts_from", first))
    if firsts:
        refresh(firsts, due_again=True)


def refresh(account_ids: Collection[int], *, due_again: bool = False) -> None:
    """Work out anew what the locked accounts say of their parts; with `due_again`, what is free is paid out
    at once where it reaches the payout minimum."""
    sql.rows(
        sql.load(_SQL / "refresh_parts.sql"),
        {
            "accounts": sorted(account_ids),
            "due_again": due_again,
            "payout_minimum": PAYOUT_MINIMUM.value,
        },
    )
