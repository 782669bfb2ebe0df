"""The scopes of API keys: each subject registers the resources that its operations are about."""

from collections.abc import Iterable

from django.apps import apps
from django.core.exceptions import AppRegistryNotReady

READ, WRITE = "read", "write"
# How PostgreSQL writes a list of scopes: as {tasks:read,money:write}
LIST_FORM = r"^\{([a-z_]+:(read|write)(,[a-z_]+:(read|write))*)?\}$"


class UnregisteredScope(LookupError):
    """A scope that no subject has registered."""


_scopes: set[str] = set()
_named_only: set[str] = set()


def register(resource: str, *, verbs: Iterable[str] = (READ, WRITE), named_only: bool = False) -> None:
    """Add the scopes of a resource. A key has those that are `named_only` only when its maker names them.
    Raises ValueError for a scope that is registered already."""
    for scope in (f"{resource}:{verb}" for verb in verbs):
        if scope in _scopes:
            raise ValueError(f"the scope {scope} is registered already")
        _scopes.add(scope)
        if named_only:
            _named_only.add(scope)


def require_registered(scopes: Iterable[str]) -> None:
    """Raise UnregisteredScope unless subjects have registered all of these."""
    unknown = sorted(set(scopes) - _scopes)
    if unknown:
        raise UnregisteredScope(f"no subject has registered {', '.join(unknown)}")


def scope_names() -> list[str]:
    """Return all scopes by name. Raises AppRegistryNotReady while apps are still registering theirs."""
    if not apps.ready:
        raise AppRegistryNotReady("scopes are registered when their apps are ready")
    return sorted(_scopes)


def scope_choices() -> list[tuple[str, str]]:
    """Return the scopes with their names for people, as "Tasks Read"."""
    return [(name, name.replace(":", " ").title()) for name in scope_names()]


def default_scopes() -> list[str]:
    """Return the scopes of a key whose maker names none."""
    return [name for name in scope_names() if name not in _named_only]


def is_named_only(scope: str) -> bool:
    return scope in _named_only
