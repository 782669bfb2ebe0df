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

_sources: dict[type[models.Model], list[tuple[ContextSource, bool]]] = {}


def add_context(model: type[models.Model], source: ContextSource, *, on_card: bool = True) -> None:
    """Add a source of lines about rows of `model`, in the order of the calls; `models.Model` stands for every
    model. It returns the lines by the rows' primary keys, with a number of statements that does not grow with
    the rows. A source without lines for cards is not read for them."""
    _sources.setdefault(model, []).append((source, on_card))


def context_of(rows: Sequence[Any], *, on_card: bool = False) -> dict[Any, list[ContextLine]]:
    """Return the lines about each of the rows, which are of one model, by primary key: first those that speak
    against a decision. With `on_card` those for cards alone."""
    found: dict[Any, list[ContextLine]] = {row.pk: [] for row in rows}
    for source, has_cards in sources_of(_sources, rows):
        for key, lines in source(rows).items() if has_cards or not on_card else ():
            found[key].extend(line for line in lines if line.on_card or not on_card)
    return {key: sorted(lines, key=lambda line: not line.is_against) for key, lines in found.items()}


def against(label: str, text: SafeString | str) -> ContextLine:
    """Return a line that speaks against the decision."""
    return ContextLine(label, text, is_against=True)
