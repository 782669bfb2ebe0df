"""Which columns of a list go into a file, and what stands in them."""

from collections.abc import Collection, Generator, Sequence
from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.db.models.constants import LOOKUP_SEP

from gigstream.lib import masking
from gigstream.lib.admin.columns import is_secret
from gigstream.lib.spreadsheets import plain

CHUNK = 1_000
# By what people know the row that an id stands for.
_NAMES = ("full_name", "name", "title")


def exported(queryset: QuerySet, more: Sequence[str] = ()) -> list[str]:
    """The paths of the columns: every one of the model but secrets and what the list leaves unread, related
    rows by id and name, then `more`."""
    unread, _ = queryset.query.deferred_loading
    fields = [field for field in queryset.model._meta.concrete_fields if field.name not in unread]
    own = {field.name for field in fields}
    return [*(path for field in fields for path in _paths(field, own)), *more]


def _paths(field: Any, own: Collection[str]) -> list[str]:
    if is_secret(field):
        return []
    if not isinstance(field, models.ForeignKey):
        return [field.name]
    known = {one.name for one in field.related_model._meta.concrete_fields}
    paths = [f"{field.name}{LOOKUP_SEP}{name}" for name in _NAMES if name in known]
    # Some views name the people themselves.
    return [field.attname, *(path for path in paths[:1] if _called(path) not in own)]


def header(paths: Sequence[str]) -> list[str]:
    """What the columns are called in the file."""
    return [_called(path) for path in paths]


def _called(path: str) -> str:
    return path.replace(LOOKUP_SEP, "_").replace("_full_name", "_name")


def rows(queryset: QuerySet, paths: Sequence[str], most: int) -> Generator[Sequence[Any], None, None]:
    """The values in the order of the list, read a chunk at a time, one row beyond `most` at the end; of
    personal data only what whoever is looking may see."""
    found: Any = queryset.values_list(*paths)[: most + 1]
    names = [path.rpartition(LOOKUP_SEP)[2] for path in paths]
    for row in found.iterator(chunk_size=CHUNK):
        yield tuple(map(_seen, names, row)) if masking.are_hidden() else row


def _seen(name: str, value: Any) -> Any:
    return masking.value(name, plain(value) if isinstance(value, dict | list) else value)
