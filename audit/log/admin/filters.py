"""Filters of the audit log. Each is answered by an index, or reads a bounded number of rows."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.http import HttpRequest

from audit.log.action_registry import action_text
from audit.log.enums import PERSONS, ActorType
from audit.log.models import REASON_WORDS
from gigstream.adminkit import BelongsTo, Pair
from gigstream.core import sql

MACHINES = frozenset(ActorType.values) - PERSONS
# Rows that a name may find, for each kind.
MOST_NAMED = 20
_PEOPLE = {"user": ActorType.STAFF, "worker": ActorType.WORKER, "platform": ActorType.PLATFORM}
_OBJECTS = (
    *_PEOPLE,
    "task",
    "stream",
    "transaction",
    "loan",
    "dispute",
    "quest",
    "creatorprofile",
)


class Subject(BelongsTo):
    """Rows about a resource, given as type and id: "worker:0192…"."""

    title = parameter_name = "resource"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(self._given, self._given.replace(":", " ", 1))] if self._given else []

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self._given:
            return queryset
        type_, _, id_ = self._given.partition(":")
        name = self.parameter_name
        return queryset.filter(**{f"{name}_type": type_, f"{name}_id": id_})


class _Field(admin.SimpleListFilter):
    """A filter that is a field of the form above the list."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return ()

    def has_output(self) -> bool:
        """Whether it counts: Django drops filters without choices."""
        return True

    @property
    def given(self) -> str:
        """The text of the field, without blanks around it."""
        return (self.value() or "").strip()

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return self.narrow(request, queryset, self.given) if self.given else queryset

    def narrow(self, request: HttpRequest, queryset: QuerySet, given: str) -> QuerySet:
        """Return the lines that the text names."""
        raise NotImplementedError


class ByPerson(_Field):
    """Lines of acts of a person or platform, by name, email or id."""

    # A saved view keeps no texts about people.
    is_text = True

    title, parameter_name = "person", "by"

    def narrow(self, request: HttpRequest, queryset: QuerySet, given: str) -> QuerySet:
        """Return the lines of these actors."""
        pairs = [(_PEOPLE[kind], key) for kind, key in find_rows(request, _PEOPLE, given)]
        kind, _, key = given.partition(":")
        if kind in ActorType.values and key:
            pairs.append((ActorType(kind), key))
        return queryset.filter(_any_pair(pairs, "actor_type", "actor_id")) if pairs else queryset.none()


class ByObject(_Field):
    """Lines about a row, by its name, reference, hash or id."""

    is_text = True

    title, parameter_name = "object", "object"

    def narrow(self, request: HttpRequest, queryset: QuerySet, given: str) -> QuerySet:
        """Return the lines about these rows."""
        pairs = find_rows(request, _OBJECTS, given)
        # The types are named so that the index can be used.
        types = sorted(str(model._meta.model_name) for model in admin.site._registry)
        named = Q(resource_type__in=[*types, "api_key"], resource_id=given)
        return queryset.filter(named | _any_pair(pairs, "resource_type", "resource_id"))


class ByAction(_Field):
    title = parameter_name = "action"

    def narrow(self, request: HttpRequest, queryset: QuerySet, given: str) -> QuerySet:
        """Return the lines of the action."""
        return queryset.filter(action=given)


class ByWords(_Field):
    """Lines whose reason has these words, each in full or by its beginning."""

    is_text = True

    title, parameter_name = "words", "words"

    def narrow(self, request: HttpRequest, queryset: QuerySet, given: str) -> QuerySet:
        """Return the lines whose reasons have all of these words."""
        parts = ["".join(letter for letter in word if letter.isalnum()) for word in given.split()]
        words = " & ".join(f"{part}:*" for part in parts if part)
        if not words:
            return queryset.none()
        found = queryset.alias(reason_words=REASON_WORDS).filter(metadata__has_key="reason")
        return found.filter(reason_words=SearchQuery(words, config="simple", search_type="raw"))


class FromDay(_Field):
    title, parameter_name = "from", "from"

    def narrow(self, request: HttpRequest, queryset: QuerySet, given: str) -> QuerySet:
        """Return the lines from the beginning of the day on, in UTC."""
        day = _as_day(given)
        return queryset.filter(created_at__gte=day) if day else queryset.none()


class UntilDay(_Field):
    title, parameter_name = "to", "to"

    def narrow(self, request: HttpRequest, queryset: QuerySet, given: str) -> QuerySet:
        """Return the lines up to the end of the day, in UTC."""
        day = _as_day(given)
        return queryset.filter(created_at__lt=day + timedelta(days=1)) if day else queryset.none()


class ByOutcome(_Field):
    """Lines of acts that were done, or of those that were refused."""

    title = parameter_name = "outcome"

    def narrow(self, request: HttpRequest, queryset: QuerySet, given: str) -> QuerySet:
        """Return the lines with this outcome."""
        return queryset.filter(success=given != "refused")


class ByMachines(_Field):
    """Lines of the system and of providers: left out at first, and read with `1` beside those of people, with
    `only` alone. They are there where an action or an object is chosen."""

    title, parameter_name = "machines", "machines"

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.given == "only":
            return queryset.filter(actor_type__in=sorted(MACHINES))
        chosen = any(request.GET.get(name) for name in ("action", "resource", "object", "q"))
        if self.given or chosen:
            return queryset
        return queryset.filter(actor_type__in=sorted(PERSONS))


FILTERS = (ByPerson, ByObject, ByAction, ByOutcome, ByWords, FromDay, UntilDay, ByMachines)


def find_rows(request: HttpRequest, kinds: Iterable[str], term: str) -> list[Pair]:
    """Return kinds and ids of the rows that the searches of their pages find, at most `MOST_NAMED` of each
    kind, and none of a kind that this member of staff may not see, by a single statement."""
    queries = []
    for model, page in admin.site._registry.items():
        if str(model._meta.model_name) not in kinds or not page.has_view_permission(request):
            continue
        rows, _ = page.get_search_results(request, model._default_manager.order_by(), term)
        kind = Value(model._meta.model_name, output_field=TextField())
        queries.append(rows.values_list(kind, Cast("pk", TextField()))[:MOST_NAMED])
    if not queries:
        return []
    first, *others = queries
    return [(kind, key) for kind, key in (first.union(*others, all=True) if others else first)]


def _any_pair(pairs: Iterable[Pair], kind: str, key: str) -> Q:
    """Return the condition of the rows with one of these kinds and ids."""
    by_kind: dict[str, list[str]] = {}
    for one, value in pairs:
        by_kind.setdefault(one, []).append(value)
    found = (Q(**{kind: one, f"{key}__in": values}) for one, values in by_kind.items())
    return functools.reduce(Q.__or__, found, Q(pk__in=[]))


def _as_day(text: str) -> datetime | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC) if 1 < day.year < 9999 else None


def occurring_actions() -> Mapping[str, list[tuple[str, str]]]:
    """Return the actions that the log has, with their texts, by the first part of their names."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for row in sql.run("audit/log/occurring_actions"):
        group = row["action"].partition(".")[0].replace("_", " ").capitalize()
        groups.setdefault(group, []).append((row["action"], action_text(row["action"])))
    return {group: sorted(found, key=lambda item: item[1]) for group, found in sorted(groups.items())}
