"""Explanations of durations: the plan of every statement that a piece of work sends."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection, transaction

LONGEST_STATEMENT, LONGEST_PLAN = 2_000, 20_000
HAVE_NO_PLAN = ("SAVEPOINT", "RELEASE", "ROLLBACK", "SET", "EXPLAIN")


@contextmanager
def undone() -> Iterator[None]:
    """Undo all that the block writes."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def explain(work: Callable[[], object]) -> dict[str, list[str]]:
    """Return every statement of the work with its plan and its real cost; undo the work."""
    plans: list[str] = []

    def ask(
        execute: Callable[..., Any], text: str, parameters: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        if not text.lstrip().upper().startswith(HAVE_NO_PLAN):
            plans.append(f"{text[:LONGEST_STATEMENT]}\n\n{_plan(text, parameters)[:LONGEST_PLAN]}")
        return execute(text, parameters, many, context)

    with undone(), connection.execute_wrapper(ask):
        work()
    return {"plans": plans}


def _plan(text: str, parameters: Any) -> str:
    """Return PostgreSQL's plan for a statement, found by running it and taking it back."""
    with psycopg.ClientCursor(connection.connection) as cursor:
        cursor.execute("SAVEPOINT before_the_plan")
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, WAL) {text}", parameters)
        lines = [row[0] for row in cursor.fetchall()]
        cursor.execute("ROLLBACK TO SAVEPOINT before_the_plan")
    return "\n".join(lines)
