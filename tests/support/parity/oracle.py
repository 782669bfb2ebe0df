"""Facts recorded twice: once by the application, once in a copy of its tables that real triggers
keep.

`install` makes the copy and a log of the application's writes to base columns from then on; `replay` runs
the log, statement by statement, against the copy; `differences` compares every derived column.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from gigstream.core import sql

_AT_ONCE = 250

# Columns that the application's acts decide. Everything else in the copy follows from them.
BASE: Mapping[str, tuple[str, ...]] = {
    "workers": ("id", "created_at"),
    "platforms": ("id",),
    "tasks": (
        "id",
        "platform_id",
        "worker_id",
        "task_type",
        "fee_bps",
        "status",
        "paid_amount",
        "worker_rating",
        "created_at",
        "assigned_at",
        "started_at",
        "completed_at",
        "cancelled_at",
        "disputed_at",
        "at_fault",
    ),
    "disputes": ("id", "task_id", "outcome"),
    "streams": (
        "id",
        "total_amount",
        "released_amount",
        "end_at",
        "cancelled_at",
        "status",
        "paused_at",
        "next_release_at",
    ),
    "transactions": ("id", "worker_id", "created_at"),
    "reputation_events": ("id", "worker_id", "delta"),
}

# Rule by rule: the columns it keeps, by table.
DERIVED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "update_worker_statistics": {
        "workers": ("total_tasks", "total_earned", "completion_rate", "average_rating", "dispute_rate")
    },
    "update_platform_statistics": {
        "platforms": ("total_payouts", "total_tasks", "active_workers", "unique_workers"),
        "engagements": (
            "open_tasks",
            "finished_tasks",
            "first_at",
            "last_at",
            "last_assigned_at",
            "paid_amount",
            "small_pay",
        ),
        "task_tallies": (
            "created_tasks",
            "assigned_tasks",
            "in_progress_tasks",
            "completed_tasks",
            "disputed_tasks",
            "cancelled_tasks",
            "paid_amount",
            "fee_amount",
            "took",
        ),
    },
    "update_reputation_score": {
        "workers": ("reputation_score",),
        "reputation_events": ("number", "previous_score", "new_score"),
    },
    "update_stream_amounts": {
        "streams": ("remaining_amount", "status", "completed_at", "paused_at", "next_release_at")
    },
    "update_worker_last_active": {"workers": ("last_active_at",)},
    "update_account_ages": {"workers": ("account_age_days", "account_aged_on")},
}
COLUMNS = [
    (rule, table, column)
    for rule, tables in DERIVED.items()
    for table, columns in tables.items()
    for column in columns
]
KEYS = {"engagements": ("platform_id", "worker_id"), "task_tallies": ("platform_id", "task_type")}
Rows = dict[tuple[Any, ...], dict[str, Any]]


def install(now: datetime) -> None:
    """Make the empty copy, and log every base fact from now on. The tables must be empty."""
    with connection.cursor() as cursor:
        for name in ("tables", "triggers", "log"):
            cursor.execute(sql.text(f"tests/support/parity/{name}"))
        set_clock(now)
        for table, columns in BASE.items():
            assert not sql.rows(f"SELECT FROM public.{table} LIMIT 1"), f"{table} holds rows already"
            arguments = ", ".join(f"'{column}'" for column in columns)
            cursor.execute(
                f"CREATE TRIGGER zz_record AFTER INSERT OR UPDATE OR DELETE ON public.{table}"
                f" FOR EACH ROW EXECUTE FUNCTION oracle.record({arguments})"
            )


def set_clock(now: datetime) -> None:
    """Date the log from here on at `now`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('oracle.now', %s, true)", [now.isoformat()])


def begin_day(now: datetime) -> None:
    """Log that a day has begun, which no table says."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO oracle.log (statement)"
            " VALUES (format('INSERT INTO oracle.days VALUES (%%L)', %s::timestamptz))",
            [now],
        )


def replay() -> int:
    """Run the log since the last time against the copy, in order; return the number of statements."""
    logged = sql.rows("DELETE FROM oracle.log RETURNING id, at, statement")
    script, at = [], None
    for row in sorted(logged, key=lambda row: row["id"]):
        if row["at"] != at:
            at = row["at"]
            script.append(f"SELECT set_config('oracle.now', '{at.isoformat()}', true)")
        script.append(row["statement"])
    with connection.cursor() as cursor:
        for start in range(0, len(script), _AT_ONCE):
            cursor.execute(";\n".join(script[start : start + _AT_ONCE]))
    return len(logged)


def read(schema: str, table: str, columns: tuple[str, ...]) -> Rows:
    """Return the columns of every row of a table of the application (`public`) or of the copy, by key."""
    key = KEYS.get(table, ("id",))
    found = sql.rows(f"SELECT {', '.join((*key, *columns))} FROM {schema}.{table}")
    return {tuple(row[name] for name in key): {name: row[name] for name in columns} for row in found}


def differences(rule: str | None = None) -> list[str]:
    """Return a line for each derived value that the application and the triggers see differently, and for
    each row that only one of them has."""
    return [
        line
        for name, tables in DERIVED.items()
        if rule in (None, name)
        for table, columns in tables.items()
        for line in _compare(name, table, read("public", table, columns), read("oracle", table, columns))
    ]


def _compare(rule: str, table: str, ours: Rows, theirs: Rows) -> list[str]:
    lines = []
    for key in sorted(ours.keys() | theirs.keys()):
        where = f"{rule}: {table} {' '.join(map(str, key))}"
        if key not in ours or key not in theirs:
            lines.append(f"{where} is only in the {'copy' if key in theirs else 'application'}")
            continue
        lines += [
            f"{where}: {column} is {value!s} in the application, {theirs[key][column]!s} by the triggers"
            for column, value in ours[key].items()
            if value != theirs[key][column]
        ]
    return lines
