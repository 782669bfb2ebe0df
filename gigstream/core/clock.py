"""Time for money: the database's clock, read once per operation and passed on as `now`."""

from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import DateTimeField, Func


class DatabaseNow(Func):
    """`money_clock()` as an expression of a query, and as the default of a column."""

    template = "money_clock()"
    output_field = DateTimeField()


def database_now() -> datetime:
    """Return the time of the database's clock, aware and in UTC."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT money_clock()")
        return cursor.fetchone()[0]


def first_of_days(last: date, days: int) -> date:
    """Return the first of so many days of which `last` is the last, or the first day of the calendar."""
    return last - timedelta(days=min(days - 1, (last - date.min).days))
