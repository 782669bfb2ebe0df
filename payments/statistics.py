"""What transactions say about their workers, rebuilt from the rows."""

from django.db import connection

from gigstream.lib.db import atomic_with_retry

# Workers whose `last_active_at` is earlier than their latest transaction.
LATE_ACTIVITY = """
    SELECT w.id, t.latest FROM workers w
    JOIN (SELECT worker_id, max(created_at) AS latest FROM transactions GROUP BY worker_id) AS t
        ON t.worker_id = w.id
    WHERE w.last_active_at IS NULL OR w.last_active_at < t.latest
"""


@atomic_with_retry
def recompute_last_active() -> int:
    """No worker's `last_active_at` is earlier than their latest transaction; returns how many were.

    A later time stands: what else a worker did leaves no row to rebuild it from.
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
