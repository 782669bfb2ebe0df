"""Sections of a row's page: some are there at once, the others are loaded when they are opened.

One statement says how many rows each section has, so that a page costs the same with many sections.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Value
from django.http import HttpRequest
from django.utils.text import slugify

from gigstream.adminkit.drawings import Drawing
from gigstream.adminkit.tables import Figures, Table, tables_by_model

Part = Table | Figures | Drawing
# Computed parts stand above the rows that they follow from.
_ORDER = (Drawing, Figures, Table)
# Sections that a page has at once; with more, only those that are `opened` are.
FEW = 4


@dataclass(frozen=True, slots=True)
class Section:
    """A section as the template shows it: title, key, number of rows in words, the list of all of them, and
    its content if it is there at once."""

    title: str
    key: str
    count: str
    all: str
    content: dict[str, Any] | None


def parts_of(model: type[models.Model]) -> list[Part]:
    """Return the parts of the model's pages: drawings, figures, then tables, the model's own before
    those of every page."""
    everywhere = tables_by_model.get(models.Model, []) if model._meta.managed else []
    return sorted([*tables_by_model.get(model, []), *everywhere], key=lambda part: _ORDER.index(type(part)))


def find_part(model: type[models.Model], key: str) -> Part | None:
    """Return the part of that key on the pages of the model."""
    return next((part for part in parts_of(model) if key_of(part) == key), None)


def key_of(part: Part) -> str:
    """Return the key of the part in addresses, made of its title."""
    return slugify(part.heading)


def sections_of(request: HttpRequest, row: models.Model) -> tuple[list[Section], list[str]]:
    """Return the sections of the row's page that this member of staff may see, those there at once first,
    and the titles of those without rows. A page of few sections has all of them at once."""
    every = parts_of(type(row))
    parts = [part for part in every if part.may_see(request)]
    tables = [part for part in parts if isinstance(part, Table) and part.is_counted]
    counts = _count_rows(request, tables, row)
    empty: list[Part] = [part for part in tables if not counts[key_of(part)]]
    opened: list[Section] = []
    folded: list[Section] = []
    for part in parts:
        if part in empty:
            continue
        if not part.opened and len(every) > FEW:
            folded.append(_section(part, row, counts, None))
        elif (content := part.render(request, row)) and (content.get("rows") or content.get("picture")):
            opened.append(_section(part, row, counts, content))
    return [*opened, *folded], [part.heading.lower() for part in empty]


def _section(part: Part, row: models.Model, counts: Counter[str], content: dict[str, Any] | None) -> Section:
    key = key_of(part)
    if not isinstance(part, Table):
        return Section(part.heading, key, "", "", content)
    most = counts[key] > part.limit
    count = f"{part.limit}+" if most else str(counts[key] or "")
    return Section(part.heading, key, count, part.list_address(row), content)


def _count_rows(request: HttpRequest, parts: Sequence[Table], row: models.Model) -> Counter[str]:
    """Return how many rows each part has, at most one more than it shows, by a single statement."""
    queries = [
        part.rows_for(request, row)
        .order_by()
        .values_list(Value(number, output_field=models.IntegerField()))[: part.limit + 1]
        for number, part in enumerate(parts)
    ]
    if not queries:
        return Counter()
    first, *others = queries
    numbers = first.union(*others, all=True) if others else first
    return Counter(key_of(parts[number]) for (number,) in numbers)
