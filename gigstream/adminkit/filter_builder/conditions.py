"""Conditions of a list as its address writes them: `status.is=failed`, `amount.from=5`, `sort=-amount`."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import DateField, Q
from django.db.models.functions import Cast
from django.utils.dateparse import parse_date

from gigstream.adminkit.filter_builder.columns import DATES, RANGES, FilterColumn, Kind
from gigstream.core.clock import DatabaseNow
from gigstream.core.money import InvalidAmount, exact_amount

LONGEST_VALUE = 200
MOST_VALUES = 50
# Rows that a name may find.
MOST_NAMED = 20
# As many days as a century has, more than any row is old.
MOST_DAYS = 36_525
_LONGEST_NUMBER = 18


class InvalidCondition(ValueError):
    """A condition that the list cannot be filtered by, with its reason for the page."""


@dataclass(frozen=True)
class Condition:
    """A condition on a column: the operator and its values, as the address has them."""

    column: FilterColumn
    operator: str
    values: tuple[str, ...]

    @property
    def name(self) -> str:
        """The condition's name in an address."""
        return f"{self.column.path}.{self.operator}"

    @property
    def is_served(self) -> bool:
        """Whether an index serves it."""
        return self.column.is_served(self.operator, self.values[0])

    def as_q(self) -> Q:
        """Return the condition for a query. Raise InvalidCondition for a value that the column cannot
        have."""
        _check_values(self)
        return _READERS[self.column.kind](self)


def _check_values(given: Condition) -> None:
    several = given.column.kind in (Kind.CHOICE, Kind.ROW) and given.operator == "is"
    if len(given.values) > (MOST_VALUES if several else 1):
        most = f"at most {MOST_VALUES} values" if several else "a single value"
        raise InvalidCondition(f"{given.column.label}: give {most}.")
    if any(len(one) > LONGEST_VALUE or "\x00" in one for one in given.values):
        raise InvalidCondition(f"{given.column.label}: the value is too long or has letters that no row has.")


def _choice_q(given: Condition) -> Q:
    known = {value for value, _ in given.column.choices}
    for one in given.values:
        if one not in known:
            raise InvalidCondition(f"{given.column.label} is never “{one}”.")
    return Q(**{f"{given.column.path}__in": list(given.values)})


def _yes_no_q(given: Condition) -> Q:
    _refuse_unless_yes_or_no(given)
    return Q(**{given.column.path: given.values[0] == "yes"})


def _refuse_unless_yes_or_no(given: Condition) -> None:
    if given.values[0] not in ("yes", "no"):
        raise InvalidCondition(f"{given.column.label}: “{given.values[0]}” is neither yes nor no.")


def _range_q(given: Condition) -> Q:
    lookup = "gte" if given.operator == "from" else "lte"
    return Q(**{f"{given.column.path}__{lookup}": read_bound(given)})


def read_bound(given: Condition) -> Any:
    """Return the bound of a range of numbers or dates. Raise InvalidCondition for a text that is none."""
    if given.column.kind in DATES:
        return _read_day(given)
    text = given.values[0].strip()
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    if given.column.kind == Kind.NUMBER:
        if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_NUMBER):
            raise InvalidCondition(f"{given.column.label}: “{text}” is not a whole number.")
        return sign * int(digits)
    try:
        return Decimal(sign) * exact_amount(digits, allow_zero=True)
    except InvalidAmount as refusal:
        raise InvalidCondition(f"{given.column.label}: {refusal.message}.") from refusal


def _read_day(given: Condition) -> date:
    text = given.values[0].strip()
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None or not 1 < day.year < 9999:
        raise InvalidCondition(f"{given.column.label}: “{text}” is not a date, as in 2026-03-31.")
    return day


def _date_q(given: Condition) -> Q:
    path = given.column.path
    match given.operator:
        case "is":
            _refuse_unless_yes_or_no(given)
            return Q(**{f"{path}__isnull": given.values[0] == "no"})
        case "last" | "older":
            since: Any = DatabaseNow() - timedelta(days=_read_days(given))
            if given.column.kind == Kind.DAY:
                since = Cast(since, DateField())
            return Q(**{f"{path}__{'gte' if given.operator == 'last' else 'lt'}": since})
        case "from":
            return Q(**{f"{path}__gte": _bound_of_day(given.column, _read_day(given))})
    return Q(**{f"{path}__lt": _bound_of_day(given.column, _read_day(given) + timedelta(days=1))})


def _bound_of_day(column: FilterColumn, day: date) -> date | datetime:
    """Return the beginning of the day, in UTC."""
    return day if column.kind == Kind.DAY else datetime(day.year, day.month, day.day, tzinfo=UTC)


def _read_days(given: Condition) -> int:
    text = given.values[0].strip()
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) <= MOST_DAYS):
        raise InvalidCondition(
            f"{given.column.label}: “{text}” is not a number of days from 1 to {MOST_DAYS:,}."
        )
    return int(text)


def _text_q(given: Condition) -> Q:
    lookup = "exact" if given.operator == "is" else "startswith"
    return Q(**{f"{given.column.path}__{lookup}": given.values[0].strip()})


def _row_q(given: Condition) -> Q:
    if given.operator == "named":
        # The rows that it finds have taken its place, unless they are none or too many.
        raise InvalidCondition(
            f"{given.column.label}: “{given.values[0]}” finds nothing, or more than {MOST_NAMED} rows."
        )
    key: Any = given.column.field.related_model._meta.pk
    try:
        keys = [key.to_python(one) for one in given.values]
    except (ValidationError, ValueError) as error:
        raise InvalidCondition(f"{given.column.label}: “{given.values[0]}” is the id of no row.") from error
    # Some keys refer to another column than the row's own key.
    return Q(**{f"{given.column.path}__pk__in": keys})


_READERS: dict[Kind, Callable[[Condition], Q]] = {
    Kind.CHOICE: _choice_q,
    Kind.YES_NO: _yes_no_q,
    Kind.AMOUNT: _range_q,
    Kind.NUMBER: _range_q,
    Kind.DAY: _date_q,
    Kind.INSTANT: _date_q,
    Kind.TEXT: _text_q,
    Kind.ROW: _row_q,
}


def crossed_ranges(conditions: Iterable[Condition]) -> dict[FilterColumn, str]:
    """Return the columns whose range ends before it begins, with the refusal; all conditions have been
    read."""
    bounds = {
        (one.column, one.operator): one
        for one in conditions
        if one.operator in ("from", "to") and one.column.kind in RANGES | DATES
    }
    return {
        column: f"{column.label}: {one.values[0]} to {to.values[0]} ends before it begins."
        for (column, operator), one in bounds.items()
        if operator == "from"
        and (to := bounds.get((column, "to"))) is not None
        and read_bound(one) > read_bound(to)
    }


def condition_words(given: Condition, names: Callable[[str], str]) -> str:
    """Return the condition in words, as in "Amount from 5"; `names` gives the names of related rows."""
    label, first = given.column.label, given.values[0]
    match given.column.kind, given.operator:
        case Kind.CHOICE, _:
            known = dict(given.column.choices)
            return f"{label}: {_alternatives([known.get(one, one) for one in given.values])}"
        case Kind.ROW, _:
            return f"{label}: {_alternatives([names(one) for one in given.values])}"
        case ((Kind.DAY | Kind.INSTANT), "is"):
            return f"{label}: {'set' if first == 'yes' else 'empty'}"
        case _, "last":
            return f"{label}: last {_days(first)}"
        case _, "older":
            return f"{label}: older than {_days(first)}"
        case _, ("from" | "to" | "begins"):
            return f"{label} {'begins with' if given.operator == 'begins' else given.operator} {first}"
    return f"{label}: {first}"


def _days(text: str) -> str:
    return f"{text} day{'' if text == '1' else 's'}"


def _alternatives(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
