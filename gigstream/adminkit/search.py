"""Searches by the form of the term, in columns that have an index."""

import functools
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.contrib.admin.utils import get_fields_from_path
from django.db import models
from django.db.models import Q
from django.db.models.constants import LOOKUP_SEP

from gigstream.core.people import masking

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
    return functools.reduce(Q.__or__, (Q(**{_exact_if_hidden(lookup): value}) for lookup in lookups))


def _exact_if_hidden(lookup: str) -> str:
    """Return a lookup of the whole value where personal data are hidden: partial ones would allow
    guessing."""
    path, _, part = lookup.rpartition(LOOKUP_SEP)
    hidden = masking.are_hidden() and path.rpartition(LOOKUP_SEP)[2] in masking.PERSONAL
    return f"{path}{LOOKUP_SEP}iexact" if hidden and part in ("startswith", "icontains") else lookup


def by_uuid(*lookups: str) -> Search:
    """Search for a UUID in these columns."""

    def search(model: type[models.Model], term: str) -> Q | None:
        value = _as_uuid(term)
        return _any_of(lookups, value) if value else None

    return search


def by_number(*lookups: str) -> Search:
    """Search for a whole number that fits a bigint in these columns."""

    def search(model: type[models.Model], term: str) -> Q | None:
        fits = term.isascii() and term.isdigit() and len(term) < 19
        return _any_of(lookups, int(term)) if fits else None

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
    related: Any = get_fields_from_path(model, path)[-1].related_model
    named = related._default_manager.filter(**{column: email}).order_by()
    return Q(**{f"{path}__in": list(named.values_list("pk", flat=True)[:MOST_NAMED])})


def by_hash(*lookups: str) -> Search:
    """Search for a term that begins with 0x, in lower case, in these columns."""
    return lambda model, term: _any_of(lookups, term.lower()) if term.lower().startswith("0x") else None


def by_text(*lookups: str) -> Search:
    """Search for any term in these columns."""
    return lambda model, term: _any_of(lookups, term)


def by_words(*lookups: str) -> Search:
    """Search for a term that is no id, address or email in these columns."""
    return lambda model, term: _any_of(lookups, term) if _is_words(term) else None


def by_words_in_newest(name: str, rows: int = 10_000) -> Search:
    """Search for words inside the text of the newest rows only, since no index serves such a search."""

    def search(model: type[models.Model], term: str) -> Q | None:
        if not _is_words(term):
            return None
        newest = model._default_manager.order_by("-created_at").values("pk")[:rows]
        found = model._default_manager.filter(pk__in=newest, **{f"{name}__icontains": term})
        return Q(pk__in=list(found.values_list("pk", flat=True)))

    return search
