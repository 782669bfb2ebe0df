"""Columns and rows of the files that lists are exported to."""

from collections.abc import Collection, Generator, Sequence
from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.db.models.constants import LOOKUP_SEP

from gigstream.adminkit.columns import is_secret
from gigstream.core.people import masking
from gigstream.core.spreadsheets import plain_text

CHUNK = 1_000
# Names of related rows, for people who cannot read an id.
_NAMES = ("full_name", "name", "title", "reference")


def export_paths(queryset: QuerySet, more: Sequence[str] = ()) -> list[str]:
    """Return the paths of the columns: the model's, without secrets and the columns that the list defers,
    related rows by id and name, then `more`."""
    unread, _ = queryset.query.deferred_loading
    fields = [
        field
        for field in queryset.model._meta.concrete_fields
        # A reference holds the short number.
        if field.name not in unread and field.name != "short_number"
    ]
    own = {field.name for field in fields}
    return [*(path for field in fields for path in _field_paths(field, own)), *more]


def _field_paths(field: Any, own: Collection[str]) -> list[str]:
    if is_secret(field):
        return []
    if not isinstance(field, models.ForeignKey):
        return [field.name]
    known = {one.name for one in field.related_model._meta.concrete_fields}
    paths = [f"{field.name}{LOOKUP_SEP}{name}" for name in _NAMES if name in known]
    # Some views name the people themselves.
    return [field.attname, *(path for path in paths[:1] if _column_title(path) not in own)]


def header_names(paths: Sequence[str]) -> list[str]:
    """Return the titles of the columns in the file."""
    return [_column_title(path) for path in paths]


def _column_title(path: str) -> str:
    return path.replace(LOOKUP_SEP, "_").replace("_full_name", "_name")


def export_rows(queryset: QuerySet, paths: Sequence[str], most: int) -> Generator[Sequence[Any], None, None]:
    """Yield the values in the order of the list, read a chunk at a time, up to a row beyond `most`; personal
    data are masked as on the page."""
    found: Any = queryset.values_list(*paths)[: most + 1]
    names = [path.rpartition(LOOKUP_SEP)[2] for path in paths]
    for row in found.iterator(chunk_size=CHUNK):
        yield tuple(map(_visible_value, names, row)) if masking.are_hidden() else row


def _visible_value(name: str, value: Any) -> Any:
    return masking.mask_value(name, plain_text(value) if isinstance(value, dict | list) else value)
