"""Rows that a term finds, by kind, with what tells them apart: amount, status, person, date."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db import models
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.http import HttpRequest
from django.utils.text import capfirst

from gigstream.adminkit import admin_url
from gigstream.adminkit.search import union_of_keys, with_lookups_at_once
from gigstream.adminkit.search.terms import read_amount
from gigstream.console.search.exact import matching_keys
from gigstream.console.search.parts import part_conditions
from gigstream.core import sql
from gigstream.core.money import usdc
from gigstream.core.people import masking

LONGEST = 200
PAGE = 10
# Columns of amounts and names, the first that a model has.
_AMOUNTS = ("amount", "total_amount", "reward_amount", "worker_amount")
_NAMES = ("full_name", "display_name", "name")
_DATES = ("created_at", "requested_at")


@dataclass(frozen=True, slots=True)
class Found:
    """Found row, with its address and what tells it from others."""

    kind: str
    name: str
    url: str
    amount: str = ""
    status: str = ""
    person: str = ""
    date: datetime | None = None

    @property
    def details(self) -> str:
        """Amount, status, person and date in one line."""
        day = f"{self.date:%Y-%m-%d}" if self.date else ""
        return " · ".join(part for part in (self.amount, self.status, self.person, day) if part)


@dataclass(frozen=True, slots=True)
class Kind:
    """Found rows of a kind, the page of them that is shown."""

    label: str
    title: str
    rows: list[Found]
    page: int
    has_more: bool

    @property
    def columns(self) -> list[tuple[str, str]]:
        """Names and headings of what any of the rows has."""
        headings = {"amount": "Amount", "status": "Status", "person": "Person"}
        return [
            (name, words) for name, words in headings.items() if any(getattr(row, name) for row in self.rows)
        ]


def find_rows(request: HttpRequest, term: str) -> list[Found]:
    """Return the first rows of each kind that the term finds."""
    return [row for kind in find_kinds(request, term) for row in kind.rows]


def find_kinds(
    request: HttpRequest, term: str, *, label: str = "", page: int = 1, size: int = PAGE
) -> list[Kind]:
    """Return the found rows by kind, `size` of each, of the kinds that this member of staff may view; with
    `label` the page of that kind alone.

    What names rows in full finds them alone, unless it may be an amount.
    """
    term = " ".join(term.replace("\x00", "").split())
    if not term or len(term) > LONGEST:
        return []
    with sql.planned_anew():
        wanted = {
            model: _ranked(request, model, condition, term)
            for model, condition in _conditions(request, term).items()
            if label in ("", model._meta.label_lower)
        }
        found = [
            (model, list(_with_people(_ranked(request, model, Q(pk__in=keys), term))))
            for model, keys in _keys_by_kind(wanted, (page - 1) * size, size + 1).items()
        ]
    return [_kind_of(model, rows, page, size) for model, rows in found]


def _keys_by_kind(
    wanted: dict[type[models.Model], QuerySet[Any]], start: int, most: int
) -> dict[type[models.Model], list[Any]]:
    """Return the keys of the rows from `start`, `most` of each kind, of the kinds that have any. One
    statement finds them, so that a kind of which nothing is found costs none."""
    kinds = list(wanted)
    found: dict[type[models.Model], list[Any]] = {}
    for position, key in union_of_keys([rows[start : start + most] for rows in wanted.values()]):
        found.setdefault(kinds[position], []).append(key)
    return {kind: found[kind] for kind in kinds if kind in found}


def _conditions(request: HttpRequest, term: str) -> dict[type[models.Model], Q]:
    """Return the condition of each kind whose rows the term may name."""
    keys = matching_keys(request, term)
    wanted: dict[type[models.Model], Q] = {}
    if not keys or read_amount(term):
        wanted = with_lookups_at_once(lambda: part_conditions(request, term))
    for name, found in keys.items():
        model = apps.get_model(name)
        wanted[model] = Q(pk__in=found) | wanted[model] if model in wanted else Q(pk__in=found)
    return wanted


def _ranked(request: HttpRequest, model: type[models.Model], condition: Q, term: str) -> QuerySet[Any]:
    """Return the rows in order: those with the very name first, then those whose name begins with it, then
    the newest. Rows without a name of their own are newest first."""
    options: Any = admin.site.get_model_admin(model)
    rows = options.get_queryset(request).filter(condition)
    name = _first_of(_NAMES, model)
    if not name or masking.are_hidden():
        return rows.order_by(*options.ordering)
    rank = Case(
        When(**{f"{name}__iexact": term}, then=Value(0)),
        When(**{f"{name}__begins": term}, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return rows.order_by(rank, *options.ordering)


def _with_people(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return the rows with those that their names are made of."""
    options: Any = admin.site.get_model_admin(rows.model)
    return rows.select_related(*(options.list_select_related or ()))


def _kind_of(model: type[models.Model], rows: list[Any], page: int, size: int) -> Kind:
    """Return the page of the kind; a row beyond its size only says that there are more."""
    return Kind(
        label=model._meta.label_lower,
        title=capfirst(str(model._meta.verbose_name_plural)),
        rows=[_preview(row) for row in rows[:size]],
        page=page,
        has_more=len(rows) > size,
    )


def _preview(row: models.Model) -> Found:
    model = type(row)
    amount, date = _first_of(_AMOUNTS, model), _first_of(_DATES, model)
    value = getattr(row, amount) if amount else None
    status = getattr(row, "get_status_display", None)
    return Found(
        kind=capfirst(str(model._meta.verbose_name)),
        name=str(row),
        url=admin_url(row),
        amount=usdc(value) if value is not None else "",
        status=str(status()) if status else "",
        person=_person_of(row),
        date=getattr(row, date) if date else None,
    )


def _person_of(row: models.Model) -> str:
    """Return the name of the worker, else of the platform, that the row belongs to."""
    loaded = row._state.fields_cache
    return next((str(loaded[name]) for name in ("worker", "platform") if loaded.get(name)), "")


@cache
def _first_of(names: tuple[str, ...], model: type[models.Model]) -> str:
    columns = {field.name for field in model._meta.concrete_fields}
    return next((name for name in names if name in columns), "")
