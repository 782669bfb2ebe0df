"""Date navigation of lists, computed from the calendar: Django's own reads all rows."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Any

from django import template
from django.db.models.constants import LOOKUP_SEP
from django.utils.dates import MONTHS

register = template.Library()

# Years offered first; AHEAD is for dates that lie in the future.
YEARS = 5
AHEAD = {"repayment_due": timedelta(days=60)}
Choice = tuple[str, str]


@register.inclusion_tag("admin/gigstream/calendar.html")
def staff_calendar(listed: Any) -> dict[str, Any]:
    """Render the choice of years, then of months, then of days, each as label and address."""
    name = listed.date_hierarchy
    year = _int_or_zero(listed.params.get(f"{name}__year"))
    month = year and _int_or_zero(listed.params.get(f"{name}__month"))
    day = month and _int_or_zero(listed.params.get(f"{name}__day"))

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
        "choices": _next_choices(name, year, month, day, address),
        "chosen": _chosen_date(year, month, day),
    }


def _int_or_zero(text: str | None) -> int:
    """Return the number given in the address, or 0. Django has refused anything that is not a date."""
    return int(text) if text else 0


def _next_choices(name: str, year: int, month: int, day: int, address: Any) -> list[Choice]:
    if day:
        return []
    if month:
        days = range(1, monthrange(year, month)[1] + 1)
        return [(str(date), address(year=year, month=month, day=date)) for date in days]
    if year:
        return [(str(MONTHS[number]), address(year=year, month=number)) for number in range(1, 13)]
    last = (datetime.now(UTC) + AHEAD.get(name, timedelta())).year
    return [(str(number), address(year=number)) for number in range(last, last - YEARS, -1)]


def _chosen_date(year: int, month: int, day: int) -> str:
    words = str(MONTHS[month]) if month else ""
    return " ".join(str(part) for part in (day, words, year) if part)
