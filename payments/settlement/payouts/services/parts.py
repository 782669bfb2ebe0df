"""Parts of workers' available money, and the debits that cover them, the oldest first (domain.md, section 4).

Every credit of such an account is a part. Debits cover it, less the deductions from it. The account's
watermark is before the oldest part that is not fully covered, so no statement here reads a whole history.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Min
from django.db.models.functions import Least

from gigstream.core import sql
from payments.models import Account, CoveredParts, Transaction
from payments.settlement.payouts.limits import PAYOUT_MINIMUM
from payments.settlement.payouts.services import task_payouts


@dataclass(frozen=True, slots=True)
class Debit:
    """Entry that has taken `amount` out of a worker's available account. An advance that leaves at once takes
    the part that it was credited as."""

    account_id: int
    entry_id: int
    amount: Decimal
    own_part: int | None = None


def cover_debits(debits: Sequence[Debit]) -> None:
    """Write the parts that the debits took, and the tasks whose pay they are: the oldest that no hold keeps.

    The caller has locked the accounts, each with a single debit, and checked that their holds leave enough.
    """
    if not debits:
        return
    answers = sql.run(
        "payments/settlement/payouts/cover_parts",
        accounts=[debit.account_id for debit in debits],
        entries=[debit.entry_id for debit in debits],
        amounts=[debit.amount for debit in debits],
        parts=[debit.own_part for debit in debits],
    )
    for row in answers:
        if row["found"] != row["amount"]:
            raise ValueError(f"entry {row['entry_id']} takes {row['amount']}, but {row['found']} is free")
    refresh_parts([debit.account_id for debit in debits])
    # Money that a payout takes has not left yet; repaid and adjusted money has.
    task_payouts.refresh_tasks({task_id for row in answers for task_id in row["other_tasks"]})


def give_back(payouts: Sequence[Transaction]) -> None:
    """Uncover the parts that these payouts took, since they did not leave: they are due again, with the same
    age. The accounts are locked."""
    covered = CoveredParts.objects.filter(entry__transaction__in=payouts, given_back=False)
    firsts = dict(covered.order_by().values_list("account").annotate(first=Min("first_part")))
    covered.update(given_back=True)
    for account_id, first in firsts.items():
        Account.unguarded.filter(pk=account_id).update(parts_from=Least("parts_from", first))
    if firsts:
        refresh_parts(firsts, due_again=True)


def refresh_parts(account_ids: Collection[int], *, due_again: bool = False) -> None:
    """Recompute the columns of the locked accounts that derive from their parts. With `due_again`, free money
    is paid out at once where it reaches the payout minimum."""
    sql.run(
        "payments/settlement/payouts/refresh_parts",
        accounts=sorted(account_ids),
        due_again=due_again,
        payout_minimum=PAYOUT_MINIMUM.value,
    )
