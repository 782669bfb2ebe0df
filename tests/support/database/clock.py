"""The database's clock, which a test may stop at a time of its choice."""

from datetime import datetime

from django.db import connection


def stop_clock(at: datetime) -> None:
    """Make `money_clock()` return this instant until the transaction that the test runs in is undone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION money_clock() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE"
            f" AS $clock$ SELECT '{at.isoformat()}'::timestamptz $clock$"
        )
