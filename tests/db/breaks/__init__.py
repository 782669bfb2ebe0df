"""One way, or several, to break each invariant of the books and no other."""

from tests.db.breaks import (
    approvals,
    derived,
    events,
    ledger,
    loans,
    parts,
    records,
    streams,
    task_payouts,
    tasks,
    transactions,
)
from tests.db.breaks.tools import BREAKS, DERIVED, unguard

__all__ = [
    "BREAKS",
    "DERIVED",
    "approvals",
    "derived",
    "events",
    "ledger",
    "loans",
    "parts",
    "records",
    "streams",
    "task_payouts",
    "tasks",
    "transactions",
    "unguard",
]
