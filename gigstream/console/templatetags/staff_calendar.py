"""The way into a list by date: worked out from the calendar, not from the rows, which would all be read."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Any

from django import template
from django.db.models.constants import LOOKUP_SEP
from django.utils.dates import MONTHS

register = template.Library()

# How far back the first choice reaches, and how far ahead dates lie that are agreed on.
YEARS = 5
AHEAD = timedelta(days=60)
Choice = tuple[str, str]


@register.inclusion_tag("admin/gigstream/calendar.html")
def staff_calendar(listed: Any) -> dict[str, Any]:
    """Whose dates they are; the years; the months of the year that is chosen; the days of the month: each as
    words and address."""
    name = listed.date_hierarchy
    year = _whole(listed.params.get(f"{name}__year"))
    month = year and _whole(listed.params.get(f"{name}__month"))
    day = month and _whole(listed.params.get(f"{name}__day"))

    def address(**parts: int) -> str:
        kept = {f"{name}__{part}": number for part, number in parts.items()}
        found: str = listed.get_query_string(kept, [f"{name}__"])
        return found

    back: list[Choice] = []
    if year:
        back.append(("All dates", address()))
    if year and month:
        back.append((str(year), address(year=year)))
    if year and month and day:
        back.append((f"{MONTHS[month]} {year}", address(year=year, month=month)))
    return {
        "of": name.replace(LOOKUP_SEP, " ").replace("_", " "),
        "back": back,
        "choices": _choices(year, month, day, address),
        "chosen": _chosen(year, month, day),
    }


def _whole(text: str | None) -> int:
    """The number that the address gives, or 0. What is no date Django has refused."""
    return int(text) if text else 0


def _choices(year: int, month: int, day: int, address: Any) -> list[Choice]:
    if day:
        return []
    if month:
        days = range(1, monthrange(year, month)[1] + 1)
        return [(str(one), address(year=year, month=month, day=one)) for one in days]
    if year:
        return [(str(MONTHS[one]), address(year=year, month=one)) for one in range(1, 13)]
    last = (datetime.now(UTC) + AHEAD).year
    return [(str(one), address(year=one)) for one in range(last, last - YEARS, -1)]


def _chosen(year: int, month: int, day: int) -> str:
    words = str(MONTHS[month]) if month else ""
    return " ".join(str(part) for part in (day, words, year) if part)
