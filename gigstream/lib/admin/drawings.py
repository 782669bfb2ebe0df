"""Drawings on a row's page, made here as SVG: they need no script, and their colours follow the page's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT = 1000, 100
GAP = 4
Point = tuple[Decimal, Decimal]


@dataclass(frozen=True, slots=True)
class Picture:
    """Shapes, what their height and their two ends stand for, and the words for the kinds of line."""

    shapes: SafeString
    height: str
    left: str
    right: str
    legend: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture of a row, for staff who may see the rows of `model`, from which it follows. It stands above
    the tables; a row of which there is nothing to draw has none."""

    title: str
    model: type[models.Model]
    draw: Callable[[Any], Picture | None]

    def render(self, request: HttpRequest, row: models.Model) -> dict[str, Any] | None:
        """What the template shows, or None for staff who may not see it."""
        if not admin.site.get_model_admin(self.model).has_view_permission(request):
            return None
        return {"title": self.title, "picture": self.draw(row)}


def bars(values: Sequence[Decimal], words: Sequence[str]) -> SafeString:
    """A bar for each value, the highest as high as the picture; the words show under the pointer."""
    highest = max(values, default=Decimal(0)) or Decimal(1)
    step = WIDTH // max(len(values), 1)
    drawn = (
        (
            number * step,
            HEIGHT - _part(value, highest, HEIGHT),
            step - GAP,
            _part(value, highest, HEIGHT),
            text,
        )
        for number, (value, text) in enumerate(zip(values, words, strict=True))
    )
    shape = '<rect x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>'
    return format_html_join("", shape, drawn)


def line(points: Sequence[Point], *, kind: str, within: Point, steps: bool = False) -> SafeString:
    """A line from point to point, or in steps that rise at each point. `within` are the values at the right
    and upper edge; `kind` says how it looks: done, due or planned."""
    right, top = within
    drawn: list[str] = []
    before: int | None = None
    for x, y in points:
        across, down = _part(x, right, WIDTH), HEIGHT - _part(y, top, HEIGHT)
        if steps and before is not None:
            drawn.append(f"{across},{before}")
        drawn.append(f"{across},{down}")
        before = down
    return format_html('<polyline class="line-{}" points="{}"/>', kind, " ".join(drawn))


def _part(value: Decimal, whole: Decimal, size: int) -> int:
    return int(min(max(value / whole, Decimal(0)), Decimal(1)) * size) if whole else 0
