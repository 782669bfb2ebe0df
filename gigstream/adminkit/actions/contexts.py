"""The context of a decision: lines about a row, which the app that owns it gives.

They are shown alike on the row's card in a queue (those that are short), on the confirmation pages of its
actions, and on the page of an approval about it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.safestring import SafeString

from gigstream.adminkit.subjects import sources_of


@dataclass(frozen=True, slots=True)
class ContextLine:
    """A line of context. `is_against` marks a reason against the decision; `on_card` is false for lines of
    the row's own pages alone."""

    label: str
    text: SafeString | str
    is_against: bool = False
    on_card: bool = True


Lines = Sequence[ContextLine]
ContextSource = Callable[[Sequence[Any]], Mapping[Any, Lines]]

_sources: dict[type[models.Model], list[ContextSource]] = {}


def add_context(model: type[models.Model], source: ContextSource) -> None:
    """Add a source of lines about rows of `model`, in the order of the calls; `models.Model` stands for every
    model. It returns the lines by the rows' primary keys, with a number of statements that does not grow with
    the rows."""
    _sources.setdefault(model, []).append(source)


def context_of(rows: Sequence[Any]) -> dict[Any, list[ContextLine]]:
    """Return the lines about each of the rows, which are of one model, by primary key: first those that speak
    against a decision."""
    found: dict[Any, list[ContextLine]] = {row.pk: [] for row in rows}
    for source in sources_of(_sources, rows):
        for key, lines in source(rows).items():
            found[key].extend(lines)
    return {key: sorted(lines, key=lambda line: not line.is_against) for key, lines in found.items()}


def against(label: str, text: SafeString | str) -> ContextLine:
    """Return a line that speaks against the decision."""
    return ContextLine(label, text, is_against=True)
