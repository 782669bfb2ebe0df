"""Legal status moves: data in `enums.py`, checked in Python and refused by PostgreSQL as well."""

from collections.abc import Mapping
from typing import Any

import pgtrigger

from gigstream.core.errors import IllegalMove

# For each status, the statuses that may follow it.
Moves = Mapping[Any, frozenset[Any]]


def require_move(moves: Moves, *, subject: str, before: str, after: str) -> None:
    """Raise IllegalMove unless the table allows `before` -> `after`."""
    if after not in moves[before]:
        allowed = ", ".join(sorted(moves[before]))
        why = f": it may become {allowed}, not {after}" if allowed else f" for good, it cannot become {after}"
        raise IllegalMove(f"{subject} is {before}{why}", before=before, after=after)


def status_trigger(moves: Moves) -> pgtrigger.FSM:
    """Return the trigger on the column `status` that enforces the table of moves in the database."""
    return pgtrigger.FSM(
        name="legal_status_moves",
        field="status",
        condition=pgtrigger.Q(old__status__df=pgtrigger.F("new__status")),
        transitions=sorted((before, after) for before, allowed in moves.items() for after in allowed),
    )


def append_only() -> pgtrigger.Protect:
    """Return the trigger that refuses every UPDATE and DELETE of a table's rows."""
    return pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)


def never_truncated() -> pgtrigger.Trigger:
    """Return the trigger that refuses every TRUNCATE of a table."""
    return pgtrigger.Trigger(
        name="never_truncated",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func="RAISE EXCEPTION 'gigstream: the table % is never emptied', TG_TABLE_NAME;",
    )


def only_in_test_databases() -> pgtrigger.Trigger:
    """Return the trigger that refuses rows of simulated money in a live database."""
    return pgtrigger.Trigger(
        name="only_in_test_databases",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
            IF EXISTS (SELECT FROM database_identity WHERE kind = 'live') THEN
                RAISE EXCEPTION 'gigstream: a live database holds no simulated money (%)', TG_TABLE_NAME;
            END IF;
            RETURN NEW;
        """,
    )
