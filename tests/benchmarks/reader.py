"""Reads views as the application does, and says how long it took."""

import statistics
import time
from typing import Any

from django.db import connection

TIMES = 3
# The subjects of the queries: the same every time, in no order that follows from how they were made.
SUBJECTS = {
    "workers": "SELECT id::text FROM workers ORDER BY md5(id::text) LIMIT %s",
    "platforms": "SELECT id::text FROM platforms ORDER BY md5(id::text) LIMIT %s",
    "days": "SELECT day::text FROM generate_series(current_date - %s + 1, current_date, '1 day') AS day",
}


def _rows(text: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(text, parameters)
        return cursor.fetchall()


def _question(view: str, column: str | None, columns: str) -> str:
    return f"SELECT {columns} FROM {view}" + (f" WHERE {column} = %s" if column else "")


def _milliseconds(text: str, parameters: list[Any]) -> float:
    """Return the milliseconds until all rows are here, the median of a few times."""
    taken = []
    for _ in range(TIMES):
        with connection.cursor() as cursor:
            began = time.perf_counter()
            cursor.execute(text, parameters)
            cursor.fetchall()
            taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken)


def counts() -> dict[str, int]:
    """Return the size of each table."""
    return {table: _rows(f"SELECT count(*) FROM {table}", [])[0][0] for table in ("tasks", "transactions")}


def time_view(view: str, column: str | None, columns: str, of: str | None, subjects: int) -> dict[str, Any]:
    """Measure the view for each of so many subjects, or as a whole."""
    values = [row[0] for row in _rows(SUBJECTS[of], [subjects])] if of else [None]
    text = _question(view, column, columns)
    taken = {value: _milliseconds(text, [value] if column else []) for value in values}
    slowest = max(taken, key=lambda value: taken[value])
    return {
        "subjects": len(values) if column else "everything",
        "median_ms": statistics.median(taken.values()),
        "slowest_ms": taken[slowest],
        "slowest": slowest,
    }


def explain(view: str, column: str | None, columns: str, value: str | None) -> dict[str, str]:
    """Return the plan of a query, with its real cost."""
    text = f"EXPLAIN (ANALYZE, BUFFERS) {_question(view, column, columns)}"
    return {"plan": "\n".join(row[0] for row in _rows(text, [value] if column else []))}


COMMANDS = {"counts": counts, "time": time_view, "explain": explain}
