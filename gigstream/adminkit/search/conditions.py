"""Conditions on rows that a search term names in full or by a part, each served by an index."""

import functools
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.contrib.admin.utils import get_fields_from_path
from django.db import models
from django.db.models import CharField, IntegerField, Q, QuerySet, Value
from django.db.models.constants import LOOKUP_SEP
from django.db.models.functions import Cast

from gigstream.adminkit.search.terms import (
    SHORTEST_PART,
    read_amount,
    read_hash_part,
    read_named_reference,
    read_uuid,
    read_uuid_part,
    read_words,
)
from gigstream.core.people import masking
from gigstream.core.postgres.short_numbers import reference_is

# Related rows that are found first: the newest so many.
MOST_NAMED = 200
Search = Callable[[type[models.Model], str], Q | None]
Conditions = TypeVar("Conditions")
_IN_FULL: set[Search] = set()
Question = tuple[type[models.Model], str]


@dataclass(slots=True)
class Lookups:
    """Keys of rows that searches find first: those that are known, and the questions that are open."""

    known: dict[Question, list[Any]] = field(default_factory=dict)
    open: dict[Question, QuerySet[Any]] = field(default_factory=dict)


_lookups: ContextVar[Lookups | None] = ContextVar("lookups", default=None)


def with_lookups_at_once(read: Callable[[], Conditions]) -> Conditions:
    """Return the conditions that `read` returns, with all rows that its searches find first read by one
    statement, and by another those that are found by such rows. `read` is called anew after each."""
    lookups = Lookups()
    token = _lookups.set(lookups)
    try:
        conditions = read()
        while lookups.open:
            lookups.known |= _find_at_once(lookups.open)
            lookups.open = {}
            conditions = read()
    finally:
        _lookups.reset(token)
    return conditions


def _find_at_once(questions: dict[Question, QuerySet[Any]]) -> dict[Question, list[Any]]:
    found: dict[Question, list[Any]] = {question: [] for question in questions}
    asked = list(questions)
    for number, key in union_of_keys([questions[one] for one in asked]):
        found[asked[number]].append(key)
    return found


def union_of_keys(parts: Sequence[QuerySet[Any]]) -> list[tuple[int, Any]]:
    """Return the primary keys of the rows of all parts, each with the position of its part, by one
    statement."""
    if not parts:
        return []
    keys = [
        rows.values_list(Value(position, output_field=IntegerField()), Cast("pk", CharField()))
        for position, rows in enumerate(parts)
    ]
    found = keys[0].union(*keys[1:], all=True) if len(keys) > 1 else keys[0]
    return [(position, parts[position].model._meta.pk.to_python(key)) for position, key in found]


def any_condition(searches: Iterable[Search], model: type[models.Model], term: str) -> Q | None:
    """Return the condition that one of the searches finds the row by the term, None if the term has no form
    that they search for."""
    conditions = [condition for search in searches if (condition := search(model, term)) is not None]
    return functools.reduce(Q.__or__, conditions) if conditions else None


def _any_of(lookups: Iterable[str], value: object) -> Q:
    return functools.reduce(Q.__or__, (Q(**{_exact_if_hidden(lookup): value}) for lookup in lookups))


def _exact_if_hidden(lookup: str) -> str:
    """Return a lookup of the whole value where personal data are hidden: partial ones would allow
    guessing."""
    path, _, part = lookup.rpartition(LOOKUP_SEP)
    partial = part in ("startswith", "icontains", "has_part")
    return f"{path}{LOOKUP_SEP}iexact" if partial and _is_hidden(path) else lookup


def _is_hidden(path: str) -> bool:
    """Whether the column holds personal data that are hidden from the current viewer."""
    return masking.are_hidden() and path.rpartition(LOOKUP_SEP)[2] in masking.PERSONAL


def by_uuid(*lookups: str) -> Search:
    """Search for a UUID in these columns, and for the beginning of one in the key."""

    def search(model: type[models.Model], term: str) -> Q | None:
        value = read_uuid(term)
        if value:
            return _any_of(lookups, value)
        part = read_uuid_part(term)
        if part is None or "id" not in lookups or model._meta.pk.name != "id":
            return None
        # Found first, in the order of the key: PostgreSQL takes a range of unknown ends for a large one.
        rows = model._default_manager.filter(id__gte=part.first, id__lte=part.last)
        named = rows.filter(id__iendswith=part.end) if part.end else rows
        return Q(pk__in=_find_keys((model, f"id {term}"), named.order_by("-pk")[:MOST_NAMED]))

    return search


def by_reference(path: str = "reference") -> Search:
    """Search for a reference, as people write it. That of a related row is found first."""

    def search(model: type[models.Model], term: str) -> Q | None:
        reference = read_named_reference(term)
        if reference is None:
            return None
        owner, _, _ = path.rpartition(LOOKUP_SEP)
        if not owner:
            return reference_is(reference)
        # A stream has the short number of its task with a prefix of its own.
        return _found_first(model, owner, Q(short_number=reference.short_number), term)

    return in_full(search)


def by_number(*lookups: str) -> Search:
    """Search for a whole number that fits a bigint in these columns."""

    def search(model: type[models.Model], term: str) -> Q | None:
        fits = term.isascii() and term.isdigit() and len(term) < 19
        return _any_of(lookups, int(term)) if fits else None

    return search


def by_amount(*lookups: str) -> Search:
    """Search for an amount of USDC in these columns."""

    def search(model: type[models.Model], term: str) -> Q | None:
        amount = read_amount(term)
        return _any_of(lookups, amount) if amount else None

    return search


def by_email(*lookups: str) -> Search:
    """Search for a term with an @, in lower case, in these columns.

    Related rows are found first: in a join, no index would serve the email together with the other columns of
    the search.
    """

    def search(model: type[models.Model], term: str) -> Q | None:
        if "@" not in term:
            return None
        return functools.reduce(
            Q.__or__, (_email_condition(model, lookup, term.lower()) for lookup in lookups)
        )

    return search


def _email_condition(model: type[models.Model], lookup: str, email: str) -> Q:
    if not model._meta.get_field(lookup.split(LOOKUP_SEP)[0]).is_relation:
        return Q(**{_exact_if_hidden(lookup): email})
    path, _, column = lookup.rpartition(LOOKUP_SEP)
    return _found_first(model, path, Q(**{column: email}), email)


def _found_first(model: type[models.Model], path: str, condition: Q, term: str) -> Q:
    """Return the condition that the related row at `path` is one of those that fulfil the condition, which
    are found now: the newest of them."""
    related: Any = get_fields_from_path(model, path)[-1].related_model
    return Q(**{f"{path}__in": _newest_keys(related, condition, term)})


def _newest_keys(model: type[models.Model], condition: Q, term: str) -> list[Any]:
    rows = model._default_manager.filter(condition).order_by("-created_at")
    return _find_keys((model, f"{condition} {term}"), rows[:MOST_NAMED])


def _find_keys(question: Question, rows: QuerySet[Any]) -> list[Any]:
    """Return the keys of the rows: at once, or none yet where those of all searches are read together."""
    lookups = _lookups.get()
    if lookups is None:
        return list(rows.values_list("pk", flat=True))
    if question not in lookups.known:
        lookups.open[question] = rows
    return lookups.known.get(question, [])


def by_hash(*lookups: str) -> Search:
    """Search for a hash or an address in these columns, in full or by its beginning, and by its end as well
    where the middle is left out. In columns with personal data that are hidden it is searched for in full."""

    def search(model: type[models.Model], term: str) -> Q | None:
        part = read_hash_part(term)
        if part is None:
            return _any_of(lookups, term.lower()) if term.lower().startswith("0x") else None
        return functools.reduce(Q.__or__, (_hash_condition(lookup, *part) for lookup in lookups))

    return search


def _hash_condition(lookup: str, beginning: str, end: str) -> Q:
    if _is_hidden(lookup):
        return Q(**{lookup: beginning}) if not end else Q(pk__in=[])
    condition = Q(**{f"{lookup}__startswith": beginning})
    return condition & Q(**{f"{lookup}__endswith": end}) if end else condition


def by_text(*lookups: str) -> Search:
    """Search for any term in these columns."""
    return in_full(lambda model, term: _any_of(lookups, term))


def in_full(search: Search) -> Search:
    """Mark a search that finds only what the term names in full, by no form of its own."""
    _IN_FULL.add(search)
    return search


def finds_parts(search: Search) -> bool:
    """Whether the search finds more than what the term names in full."""
    return search not in _IN_FULL


def by_words(*lookups: str) -> Search:
    """Search for a term that is no id, address or email in these columns."""
    return lambda model, term: _any_of(lookups, term) if read_words(term) else None


def by_parts(column: str) -> Search:
    """Search for all words of the term, in any order, inside a name or title with an index of its parts. A
    name that is hidden is searched for as a whole."""
    return lambda model, term: _parts_condition(column, term)


def _parts_condition(column: str, term: str) -> Q | None:
    words = read_words(term)
    if not words:
        return None
    if _is_hidden(column):
        return Q(**{f"{column}__iexact": " ".join(words)})
    if max(map(len, words)) < SHORTEST_PART:
        # No index has parts that are so short, but that of their beginning.
        return Q(**{f"{column}__begins": " ".join(words)})
    return functools.reduce(Q.__and__, (Q(**{f"{column}__has_part": word}) for word in words))


def found_first(search: Search) -> Search:
    """Return the search with its rows found first, the newest: in a large table no index serves both a part
    of a title and the other conditions of a list."""

    def found(model: type[models.Model], term: str) -> Q | None:
        condition = search(model, term)
        return None if condition is None else Q(pk__in=_newest_keys(model, condition, term))

    return found


def by_related(path: str, *searches: Search) -> Search:
    """Search for rows whose related row at `path` is found by one of the searches, which is found first."""

    def search(model: type[models.Model], term: str) -> Q | None:
        related: Any = get_fields_from_path(model, path)[-1].related_model
        condition = any_condition(searches, related, term)
        return None if condition is None else _found_first(model, path, condition, term)

    return search
