"""Searching: by the shape of the term, in columns that have an index."""

import functools
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.contrib.admin.utils import get_fields_from_path
from django.db import models
from django.db.models import Q
from django.db.models.constants import LOOKUP_SEP

from gigstream.lib import masking

MOST_NAMED = 200
Search = Callable[[type[models.Model], str], Q | None]


def _as_uuid(term: str) -> UUID | None:
    try:
        return UUID(term)
    except ValueError:
        return None


def _is_words(term: str) -> bool:
    return not (_as_uuid(term) or "@" in term or term.startswith("0x"))


def _any_of(lookups: Iterable[str], value: object) -> Q:
    return functools.reduce(Q.__or__, (Q(**{_whole(lookup): value}) for lookup in lookups))


def _whole(lookup: str) -> str:
    """From whom personal data are hidden, they are found by the whole: parts could be guessed one by one."""
    path, _, part = lookup.rpartition(LOOKUP_SEP)
    hidden = masking.are_hidden() and path.rpartition(LOOKUP_SEP)[2] in masking.PERSONAL
    return f"{path}{LOOKUP_SEP}iexact" if hidden and part in ("startswith", "icontains") else lookup


def by_uuid(*lookups: str) -> Search:
    """A UUID is looked for in these columns."""

    def search(model: type[models.Model], term: str) -> Q | None:
        value = _as_uuid(term)
        return _any_of(lookups, value) if value else None

    return search


def by_number(*lookups: str) -> Search:
    """A whole number that fits a bigint is looked for in these columns."""

    def search(model: type[models.Model], term: str) -> Q | None:
        fits = term.isascii() and term.isdigit() and len(term) < 19
        return _any_of(lookups, int(term)) if fits else None

    return search


def by_email(*lookups: str) -> Search:
    """Something with an @ is looked for in lower case in these columns.

    Whom a column of another table names is found first: joined, no index would answer the email together with
    the other columns of a search.
    """

    def search(model: type[models.Model], term: str) -> Q | None:
        if "@" not in term:
            return None
        return functools.reduce(Q.__or__, (_of_email(model, lookup, term.lower()) for lookup in lookups))

    return search


def _of_email(model: type[models.Model], lookup: str, email: str) -> Q:
    if not model._meta.get_field(lookup.split(LOOKUP_SEP)[0]).is_relation:
        return Q(**{_whole(lookup): email})
    path, _, column = lookup.rpartition(LOOKUP_SEP)
    related: Any = get_fields_from_path(model, path)[-1].related_model
    named = related._default_manager.filter(**{column: email}).order_by()
    return Q(**{f"{path}__in": list(named.values_list("pk", flat=True)[:MOST_NAMED])})


def by_hash(*lookups: str) -> Search:
    """Something that begins with 0x is looked for in lower case in these columns."""
    return lambda model, term: _any_of(lookups, term.lower()) if term.lower().startswith("0x") else None


def by_text(*lookups: str) -> Search:
    """The term, whatever it is, is looked for in these columns."""
    return lambda model, term: _any_of(lookups, term)


def by_words(*lookups: str) -> Search:
    """A term that is no id, address or email is looked for in these columns."""
    return lambda model, term: _any_of(lookups, term) if _is_words(term) else None


def by_words_in_newest(name: str, rows: int = 10_000) -> Search:
    """Words are looked for inside the text of the newest rows only: such a search has no index."""

    def search(model: type[models.Model], term: str) -> Q | None:
        if not _is_words(term):
            return None
        newest = model._default_manager.order_by("-created_at").values("pk")[:rows]
        found = model._default_manager.filter(pk__in=newest, **{f"{name}__icontains": term})
        return Q(pk__in=list(found.values_list("pk", flat=True)))

    return search
