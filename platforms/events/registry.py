"""The types of events that platforms receive: each subject registers its own in its room `vocabulary`."""

import re
from dataclasses import dataclass

from django.apps import apps
from django.core.exceptions import AppRegistryNotReady

TYPE_FORM = r"^[a-z_]+\.[a-z_]+$"
LONGEST_NAME = 32


class UnregisteredEventType(LookupError):
    """An event of a type that no subject has registered."""


@dataclass(frozen=True, slots=True)
class EventType:
    """A type of event. `payload` describes its data as the table in docs/api.md does; `scope` is the scope of
    the API that reads the rows which the event is about."""

    name: str
    payload: str
    scope: str


_types: dict[str, EventType] = {}


def register(name: str, *, payload: str, scope: str) -> str:
    """Add a type of event and return its name. Raises ValueError for a malformed name, and for a second type
    of the same name."""
    if not re.match(TYPE_FORM, name) or len(name) > LONGEST_NAME:
        raise ValueError(f"{name!r} is not like task.created with at most {LONGEST_NAME} characters")
    if name in _types:
        raise ValueError(f"the event type {name} is registered already")
    _types[name] = EventType(name, payload, scope)
    return name


def require_registered(name: str) -> None:
    """Raise UnregisteredEventType unless a subject has registered the type."""
    if name not in _types:
        raise UnregisteredEventType(f"no subject has registered the event type {name!r}")


def registered_types() -> list[EventType]:
    """Return all types by name. Raises AppRegistryNotReady while apps are still registering theirs."""
    if not apps.ready:
        raise AppRegistryNotReady("event types are registered when their apps are ready")
    return [_types[name] for name in sorted(_types)]


def type_names() -> list[str]:
    return [found.name for found in registered_types()]


def type_choices() -> list[tuple[str, str]]:
    """Return the types with their names for people, as "Task Created"."""
    return [(name, re.sub("[._]", " ", name).title()) for name in type_names()]
