"""Ways to break each invariant of the books and no other."""

from tests.db.breaks import (
    approvals,
    derived,
    events,
    ledger,
    loans,
    parts,
    people,
    points,
    quests,
    records,
    streaks,
    streams,
    task_payouts,
    tasks,
    transactions,
)
from tests.support.database.breaks import BREAKS, DERIVED, unguard
from tests.support.subjects import load_subjects

load_subjects()

__all__ = [
    "BREAKS",
    "DERIVED",
    "approvals",
    "derived",
    "events",
    "ledger",
    "loans",
    "parts",
    "people",
    "points",
    "quests",
    "records",
    "streaks",
    "streams",
    "task_payouts",
    "tasks",
    "transactions",
    "unguard",
]
