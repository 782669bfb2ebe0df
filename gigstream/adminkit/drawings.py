"""Drawings on a row's page, as SVG: they need no script, and their colours follow the page's."""

import math
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
# Width and height of a graph, and the radius of its nodes.
GRAPH, NODE = 1000, 26
Point = tuple[Decimal, Decimal]


def may_see(request: HttpRequest, model: type[models.Model]) -> bool:
    """Whether this member of staff may see the rows of the model."""
    return bool(admin.site.get_model_admin(model).has_view_permission(request))


@dataclass(frozen=True, slots=True)
class Picture:
    """Shapes, the captions of their height and of both ends, and the legend of the kinds of line. A graph
    keeps its proportions."""

    shapes: SafeString
    height: str
    left: str
    right: str
    legend: Sequence[tuple[str, str]] = ()
    is_graph: bool = False

    @property
    def box(self) -> str:
        """The box of coordinates in which the shapes are drawn."""
        return f"0 0 {GRAPH} {GRAPH}" if self.is_graph else f"0 0 {WIDTH} {HEIGHT}"


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture of a row above the tables, for staff who may see the rows of `model`, from which it is
    drawn."""

    title: str
    model: type[models.Model]
    draw: Callable[[Any], Picture | None]
    opened: bool = False

    @property
    def heading(self) -> str:
        """The title."""
        return self.title

    def may_see(self, request: HttpRequest) -> bool:
        """Whether this member of staff may see the rows from which it is drawn."""
        return may_see(request, self.model)

    def render(self, request: HttpRequest, row: models.Model) -> dict[str, Any] | None:
        """Return the template's context, or None for staff who may not see it."""
        if not self.may_see(request):
            return None
        return {"title": self.title, "picture": self.draw(row)}


def draw_bars(values: Sequence[Decimal], words: Sequence[str], *, top: Decimal = Decimal(0)) -> SafeString:
    """Draw a bar for each value, the highest, or `top` if that is higher, as high as the picture; the words
    appear under the pointer."""
    highest = max([*values, top]) or Decimal(1)
    step = WIDTH // max(len(values), 1)
    drawn = (
        (
            number * step,
            HEIGHT - _scale_value(value, highest, HEIGHT),
            step - GAP,
            _scale_value(value, highest, HEIGHT),
            text,
        )
        for number, (value, text) in enumerate(zip(values, words, strict=True))
    )
    shape = '<rect x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>'
    return format_html_join("", shape, drawn)


def draw_line(points: Sequence[Point], *, kind: str, within: Point, steps: bool = False) -> SafeString:
    """Draw a line from point to point, or in steps that rise at each point. `within` are the values at the
    right and upper edge; `kind` is its style: done, due or planned."""
    right, top = within
    drawn: list[str] = []
    before: int | None = None
    for x, y in points:
        across, down = _scale_value(x, right, WIDTH), HEIGHT - _scale_value(y, top, HEIGHT)
        if steps and before is not None:
            drawn.append(f"{across},{before}")
        drawn.append(f"{across},{down}")
        before = down
    return format_html('<polyline class="line-{}" points="{}"/>', kind, " ".join(drawn))


def draw_parts(parts: Sequence[tuple[str, Decimal, str]]) -> SafeString:
    """Draw the parts of a whole beside each other, each of a kind, with its value and its words."""
    whole = sum((value for _, value, _ in parts), Decimal(0))
    shapes, start = [], Decimal(0)
    for kind, value, text in parts:
        left, right = _scale_value(start, whole, WIDTH), _scale_value(start + value, whole, WIDTH)
        shapes.append((kind, left, right - left, HEIGHT, text))
        start += value
    shape = '<rect class="part-{}" x="{}" y="0" width="{}" height="{}"><title>{}</title></rect>'
    return format_html_join("", shape, shapes)


def draw_graph(
    nodes: Sequence[tuple[str, str, str]], edges: Sequence[tuple[int, int, bool, str]]
) -> SafeString:
    """Draw nodes on a circle, each a link with its text, address and words, and lines between two of them,
    whole or dashed, with the words about them. The keyboard reaches the links in the order of the nodes."""
    middle, radius = GRAPH // 2, GRAPH // 2 - 2 * NODE
    places = [
        (
            middle + round(radius * math.sin(2 * math.pi * number / len(nodes))),
            middle - round(radius * math.cos(2 * math.pi * number / len(nodes))),
        )
        for number in range(len(nodes))
    ]
    line = '<line class="edge-{}" x1="{}" y1="{}" x2="{}" y2="{}"><title>{}</title></line>'
    lines = (
        ("done" if is_whole else "planned", *places[first], *places[second], text)
        for first, second, is_whole, text in edges
    )
    node = (
        '<a href="{}" aria-label="{}"><circle cx="{}" cy="{}" r="{}"><title>{}</title></circle>'
        '<text x="{}" y="{}">{}</text></a>'
    )
    circles = (
        (url, words, x, y, NODE, words, x, y, text)
        for (text, url, words), (x, y) in zip(nodes, places, strict=True)
    )
    return format_html("{}{}", format_html_join("", line, lines), format_html_join("", node, circles))


def _scale_value(value: Decimal, whole: Decimal, size: int) -> int:
    return int(min(max(value / whole, Decimal(0)), Decimal(1)) * size) if whole else 0
