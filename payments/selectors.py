"""Questions about money."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from gigstream.lib import sql
from payments.models import LedgerEntry, Transaction

_SQL = Path(__file__).resolve().parent / "sql"


@dataclass(frozen=True, slots=True)
class PayoutPart:
    """How much of one earning a payout carries."""

    entry: LedgerEntry
    amount: Decimal


def payout_parts(payout: Transaction) -> list[PayoutPart]:
    """The earnings that the payout covers, oldest first; the amounts add up to the payout's."""
    rows = sql.rows(sql.load(_SQL / "payout_parts.sql"), {"payout": payout.pk})
    entries = LedgerEntry.objects.in_bulk([row["entry_id"] for row in rows])
    return [PayoutPart(entries[row["entry_id"]], row["amount"]) for row in rows]
