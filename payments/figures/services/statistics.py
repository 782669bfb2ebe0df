"""Columns derived from transactions: the last activity of workers, and the sums of closed days."""

from datetime import date

from django.db import connection

from gigstream.core import sql
from gigstream.core.postgres.transactions import limit_minutes
from gigstream.core.unit import in_unit

# Workers whose `last_active_at` is earlier than their latest transaction.
LATE_ACTIVITY = """
    SELECT w.id, t.latest FROM workers w
    JOIN (SELECT worker_id, max(created_at) AS latest FROM transactions GROUP BY worker_id) AS t
        ON t.worker_id = w.id
    WHERE w.last_active_at IS NULL OR w.last_active_at < t.latest
"""


@in_unit
def recompute_last_active() -> int:
    """Move each worker's `last_active_at` up to their latest transaction; return how many were earlier.

    A later time stays: other activity leaves no row to rebuild it from.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM workers ORDER BY id FOR NO KEY UPDATE")
        cursor.execute(
            f"""
            UPDATE workers SET last_active_at = late.latest
            FROM ({LATE_ACTIVITY}) AS late WHERE workers.id = late.id
            """  # noqa: S608 - a constant of ours
        )
        return cursor.rowcount


# Sums of closed days that are not those of their transactions.
WRONG_DAYS = """
    SELECT DISTINCT coalesce(d.day, x.day) AS day
    FROM transaction_days d
    FULL JOIN (
        SELECT (created_at AT TIME ZONE 'UTC')::date AS day, type, status, count(*) AS transactions,
               sum(amount) AS total_amount, sum(fee) AS total_fees
        FROM transactions
        WHERE (created_at AT TIME ZONE 'UTC')::date IN (SELECT day FROM transaction_days)
        GROUP BY 1, 2, 3
    ) x USING (day, type, status)
    WHERE (d.transactions, d.total_amount, d.total_fees)
          IS DISTINCT FROM (x.transactions, x.total_amount, x.total_fees)
"""

# Tasks whose payout status, or time of the last payout, does not follow from their payouts.
WRONG_TASK_PAYOUTS = """
    SELECT t.id FROM task_payouts(ARRAY(
        SELECT task_id FROM covered_tasks UNION SELECT id FROM tasks WHERE payout_status <> 'none')) p
    JOIN tasks t ON t.id = p.task_id
    WHERE (t.payout_status, t.paid_out_at) IS DISTINCT FROM (p.payout_status, p.paid_out_at)
    ORDER BY t.id
"""

# The sums have one home, the view: a day is closed with the sums that it shows of the open day.
_CLOSE_DAYS = """
    WITH closable AS (
        SELECT day FROM daily_transaction_summary s
        WHERE day < %(before)s AND NOT EXISTS (SELECT FROM transaction_days d WHERE d.day = s.day)
        GROUP BY day HAVING NOT bool_or(status IN ('pending', 'submitted'))
    ),
    closed AS (
        INSERT INTO transaction_days (day, type, status, transactions, total_amount, total_fees)
        SELECT day, type, status, transactions, total_amount, total_fees
        FROM daily_transaction_summary JOIN closable USING (day)
        RETURNING day
    )
    SELECT count(DISTINCT day) AS days FROM closed
"""


def close_days(*, before: date) -> int:
    """Write the sums of every day before `before` with nothing under way; return how many days."""
    limit_minutes(30)
    days: int = sql.rows(_CLOSE_DAYS, {"before": before})[0]["days"]
    return days


@in_unit
def reopen_wrong_days() -> int:
    """Open the closed days again whose sums differ from their transactions; return how many days."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM transaction_days USING ({WRONG_DAYS}) AS wrong"  # noqa: S608 - ours
            " WHERE transaction_days.day = wrong.day RETURNING transaction_days.day"
        )
        return len(set(cursor.fetchall()))
