"""Time for money is the database's clock, read once per act and passed on as `now`."""

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """The database's wall clock, aware and in UTC."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]
