"""Credits of many workers: entries out of one account, booked by a single statement from columns."""

from dataclasses import dataclass
from datetime import datetime

from audit.database_identity.services import require_own_database
from gigstream.core import sql
from gigstream.core.money import LARGEST
from payments.ledger.entry_kinds import require_registered
from payments.ledger.services.ledger import refuse_large
from payments.ledger.subjects import SubjectKind
from payments.settlement.payouts.limits import PAYOUT_MINIMUM


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditColumns:
    """Credits of workers' available money. The columns are arrays of PostgreSQL as text, `count` long: the
    account, the amount, the fact that stands in the key behind the kind, and the row of `subject_kind` that
    it belongs to."""

    kind: str
    subject_kind: SubjectKind
    count: int
    accounts: str
    amounts: str
    facts: str
    subjects: str


def credit_workers(columns: CreditColumns, *, debit: int, withheld: str, now: datetime) -> str:
    """Book an entry out of the account `debit` for each row, and add the sums to the workers' balances;
    return the ids of the entries, in the order of the rows, as an array.

    Locks the workers' accounts in ascending order. The balance of `debit` is moved by `ledger.post`: the
    caller calls it next with the sum as `already_booked`. `withheld` is a column of the part of each row that
    is withheld then, or empty. Raises AmountTooLarge, UnregisteredEntryKind or DatabaseMismatch, and
    IntegrityError for a fact that was booked before.
    """
    require_registered(columns.kind)
    require_own_database()
    (answer,) = sql.run(
        "payments/ledger/credit_workers",
        kind=columns.kind,
        subject_kind=columns.subject_kind.number,
        accounts=columns.accounts,
        amounts=columns.amounts,
        facts=columns.facts,
        subjects=columns.subjects,
        debit=debit,
        withheld=withheld,
        payout_minimum=PAYOUT_MINIMUM.value,
        largest=LARGEST,
        now=now,
    )
    if answer["over"]:
        raise refuse_large(*answer["over"])
    if answer["booked"] != columns.count:
        raise ValueError(f"{columns.count} credits were given and {answer['booked']} are booked")
    return str(answer["entries"])
