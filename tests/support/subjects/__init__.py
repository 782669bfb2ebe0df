"""Cases that a subject adds to the tables of the tests: a module here, found by being there.

Each name is optional; `request_for` and `breaks` register by themselves.

`ROWS`: for each model, a function of the columns of a valid row; `STATUSES`: a function of a status that
gives the columns it demands. `BROKEN`, `REPEATED`: as in `tests/support/database/broken_rows.py`.
`HISTORIES`: functions of the rich history, which live their part of it. `EVENTS`: functions of a platform, to
which events then happen. `CODES`: for each code and status, a function of what `tests/guide/codes` gives that
meets them.
"""

import pkgutil
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any


@cache
def load_subjects() -> tuple[ModuleType, ...]:
    """Import all modules of this package, and return them."""
    return tuple(import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))


def gathered(name: str) -> list[Any]:
    """Return the items of all lists of this name."""
    return [item for module in load_subjects() for item in getattr(module, name, ())]


def merged(name: str) -> dict[Any, Any]:
    """Return the items of all dicts of this name."""
    return {key: value for module in load_subjects() for key, value in getattr(module, name, {}).items()}
