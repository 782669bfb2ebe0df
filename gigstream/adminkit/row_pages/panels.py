"""Panels: parts of the pages of all rows that take forms. A panel has an address of its own, from which a
row's page loads it, and which is a page as well."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.http import HttpRequest, HttpResponse

from gigstream.adminkit.drawings import may_see

# The answer to a form, or the context of the panel's template.
Answer = HttpResponse | Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A panel, for staff who may see the rows of `model`. `name` stands in addresses, `template` is the path
    of its template, and `answer` answers a request about a row, whose page they may see."""

    name: str
    title: str
    model: type[models.Model]
    template: str
    answer: Callable[[HttpRequest, Any], Answer]


_panels: dict[str, Panel] = {}


def add_panel(panel: Panel) -> None:
    """Add the panel to the pages of all rows."""
    if panel.name in _panels:
        raise ValueError(f"there is a panel {panel.name} already")
    _panels[panel.name] = panel


def find_panel(name: str) -> Panel | None:
    """Return the panel of this name."""
    return _panels.get(name)


def panels_for(request: HttpRequest) -> list[Panel]:
    """Return the panels that this member of staff may see."""
    return [panel for panel in _panels.values() if may_see(request, panel.model)]
