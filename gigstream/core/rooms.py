"""The rooms of an app: modules of a fixed name, as `admin` or `receivers`, in the folder of each subject."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

# Rooms that are imported when the app is ready; Django imports `admin` when the site looks for pages.
REGISTERING = (
    "vocabulary",
    "invariants",
    "receivers",
    "approvals",
    "departures",
    "own_addresses",
    "jobs",
)
_WITHOUT_ROOMS = {"management", "migrations", "templatetags"}


def load_rooms(package: str, *rooms: str) -> list[ModuleType]:
    """Import these rooms of a package and of all packages in it, which registers their contents.

    A room may be a module or a package, of which all modules are imported. Return the imported modules.
    """
    names = [f"{folder}.{room}" for folder in (package, *_packages_in(package)) for room in rooms]
    return [module for name in names if find_spec(name) is not None for module in _load_room(name)]


def _load_room(name: str) -> list[ModuleType]:
    module = import_module(name)
    inside = pkgutil.iter_modules(getattr(module, "__path__", []))
    return [module, *(import_module(f"{name}.{found.name}") for found in inside)]


def _packages_in(package: str) -> Iterator[str]:
    for found in pkgutil.iter_modules(import_module(package).__path__):
        if found.ispkg and found.name not in _WITHOUT_ROOMS:
            name = f"{package}.{found.name}"
            yield name
            yield from _packages_in(name)
