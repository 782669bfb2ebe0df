"""Types and ids by which records name a row: its own, and those of rows that stand for it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from django.db import models

Subject = tuple[str, str]
S = TypeVar("S")
Finder = Callable[[Any], Sequence[Subject]]

_finders: dict[type[models.Model], Finder] = {}


def add_subjects(model: type[models.Model], finder: Finder) -> None:
    """Say which other rows, as type and id, stand for a row of `model` in the audit log, approvals and
    decisions, as a stream's task does. `finder` reads nothing from the database."""
    if model in _finders:
        raise ValueError(f"the subjects of {model.__name__} are registered already")
    _finders[model] = finder


def subjects_of(row: models.Model) -> list[Subject]:
    """Return the row's own type and id, and those of the rows that stand for it."""
    finder = _finders.get(type(row))
    return [(row._meta.model_name or "", str(row.pk)), *(finder(row) if finder else ())]


def keys_by_type(rows: Sequence[models.Model]) -> dict[str, list[str]]:
    """Return the ids of all subjects of the rows, by their type."""
    found: dict[str, list[str]] = {}
    for row in rows:
        for kind, key in subjects_of(row):
            found.setdefault(kind, []).append(key)
    return found


def sources_of(registered: Mapping[type[models.Model], Sequence[S]], rows: Sequence[models.Model]) -> list[S]:
    """Return what is registered for the model of these rows, and for every model whose rows are stored."""
    if not rows:
        return []
    model = type(rows[0])
    everywhere = registered.get(models.Model, ()) if model._meta.managed else ()
    return [*registered.get(model, ()), *everywhere]
