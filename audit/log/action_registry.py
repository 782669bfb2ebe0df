"""Register of the actions that the audit log holds; each app registers its own with a text for staff."""

from collections.abc import Mapping

_actions: dict[str, str] = {}


class UnregisteredAction(LookupError):
    """A line for the audit log, or a service, with an action that no app has registered."""


def register_actions(texts: Mapping[str, str]) -> None:
    """Add actions with their texts. Raises ValueError for a name that is registered already."""
    taken = sorted(_actions.keys() & texts.keys())
    if taken:
        raise ValueError(f"these actions are registered already: {', '.join(taken)}")
    _actions.update(texts)


def require_action(action: str) -> None:
    """Raise UnregisteredAction unless an app has registered the action."""
    if action not in _actions:
        raise UnregisteredAction(f"the audit log knows no action {action}: register it with its text")


def action_text(action: str) -> str:
    """Return the registered text; the name itself for an action that earlier versions have recorded."""
    return _actions.get(action, action)


def all_actions() -> Mapping[str, str]:
    """Return the texts of the registered actions by their names."""
    return _actions
