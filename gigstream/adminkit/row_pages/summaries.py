"""Summaries: the line of figures with which a row's page begins, and the next thing to do.

The app that owns a kind of row, and the apps above it, add figures and steps; those of lower position come
first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils.safestring import SafeString

from gigstream.adminkit.drawings import may_see


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the line: its label, its text, a tone (good, wait, bad or none), and a page about it."""

    label: str
    text: str | SafeString
    tone: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class NextStep:
    """A sentence about the act that the row waits for, with its tone and a page on which it is done."""

    text: str | SafeString
    tone: str = "wait"
    url: str = ""


@dataclass(slots=True)
class Summary:
    """Figures and steps of a row."""

    figures: list[Figure] = field(default_factory=list)
    steps: list[NextStep] = field(default_factory=list)


Part = Figure | NextStep
Parts = Callable[[Any], Sequence[Part]]


@dataclass(frozen=True, slots=True)
class _Contribution:
    position: int
    model: type[models.Model]
    parts: Parts


_contributions: dict[type[models.Model], list[_Contribution]] = {}


def summarize(
    model: type[models.Model], *, of: type[models.Model], position: int
) -> Callable[[Parts], Parts]:
    """Register the decorated function: it returns figures and steps of a row of `model`, for staff who may
    see the rows of `of`, from which they follow. `models.Model` stands for every model."""

    def register(parts: Parts) -> Parts:
        found = _contributions.setdefault(model, [])
        found.append(_Contribution(position, of, parts))
        found.sort(key=lambda one: one.position)
        return parts

    return register


def summary_of(request: HttpRequest, row: models.Model) -> Summary | None:
    """Return the row's summary; None for kinds of rows that have none."""
    own = _contributions.get(type(row))
    if own is None:
        return None
    summary = Summary()
    for one in (*own, *_contributions.get(models.Model, ())):
        if not may_see(request, one.model):
            continue
        for part in one.parts(row):
            (summary.figures if isinstance(part, Figure) else summary.steps).append(part)
    return summary
