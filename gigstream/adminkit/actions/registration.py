"""Registrations of apps above for the actions of pages below."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from django.db import models
from django.http import HttpRequest

if TYPE_CHECKING:
    from gigstream.adminkit.actions.row_action import RowAction

TokenRecorder = Callable[[HttpRequest, str], bool]
ReasonFrame = Callable[[str], AbstractContextManager[None]]
RoleFinder = Callable[[Sequence[str]], Sequence[str]]

_added: "dict[type[models.Model], list[RowAction]]" = {}
_token_recorders: list[TokenRecorder] = []
_reason_frames: list[ReasonFrame] = []
_role_finders: list[RoleFinder] = []


def add_actions(model: type[models.Model], *actions: "RowAction") -> None:
    """Add the actions, of an app above, to the pages of `model`."""
    _added.setdefault(model, []).extend(actions)


def added_actions(model: type[models.Model]) -> "Sequence[RowAction]":
    """Return the actions that the apps above have added for the model."""
    return _added.get(model, ())


def register_token_recorder(recorder: TokenRecorder) -> None:
    """Register the function that records a confirmation's token and returns whether it is new."""
    if _token_recorders:
        raise ValueError("a recorder of confirmations is registered already")
    _token_recorders.append(recorder)


def record_token(request: HttpRequest, token: str) -> bool:
    """Record a confirmation's token; return whether it is new."""
    return _token_recorders[0](request, token)


def register_reason_frame(frame: ReasonFrame) -> None:
    """Register the context manager that gives a reason to all audit lines written inside it."""
    if _reason_frames:
        raise ValueError("a frame for reasons is registered already")
    _reason_frames.append(frame)


def reason_frame(reason: str) -> AbstractContextManager[None]:
    """Return the frame that gives the reason to all audit lines written inside it."""
    return _reason_frames[0](reason) if reason else nullcontext()


def register_role_finder(finder: RoleFinder) -> None:
    """Register the function that returns the roles which hold all of some permissions."""
    if _role_finders:
        raise ValueError("a finder of roles is registered already")
    _role_finders.append(finder)


def roles_with(permissions: Sequence[str]) -> Sequence[str]:
    """Return the names of the roles that hold all of the permissions, given as "loans.approve_loan"."""
    return _role_finders[0](permissions)
