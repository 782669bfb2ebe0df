"""Actions that a page offers for its rows, and the roles that may use those which its reader may not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html

from audit.approvals.services import kind_of
from audit.models import Approval
from gigstream.adminkit.actions.addresses import act_url
from gigstream.adminkit.actions.registration import roles_with
from gigstream.adminkit.actions.row_action import RowAction

# Keys that lead to the pages of actions.
KEYS = {"approve": "a"}


@dataclass(frozen=True, slots=True)
class Offer:
    """An action that makes sense for a row: the address of its page, or, for others, the roles that may use
    it."""

    name: str
    label: str
    url: str
    needs: str = ""

    @property
    def key(self) -> str:
        """Key that leads to the action's page, "" for none; the page asks for confirmation."""
        return KEYS.get(self.name, "")

    @property
    def key_attribute(self) -> str:
        return format_html('data-key="{}"', self.key) if self.key else ""

    @property
    def is_for_reader(self) -> bool:
        return not self.needs


def permissions_for(action: RowAction, row: models.Model) -> list[str]:
    """Return the permissions that the action needs for this row."""
    label, name = row._meta.app_label, row._meta.model_name
    return [f"{label}.{action.name}_{name}", *action.permissions(row)]


def may_use(user: Any, action: RowAction, row: models.Model) -> bool:
    """Whether this member of staff may use the action for the row."""
    return bool(user.has_perms(permissions_for(action, row)))


def who_may(action: RowAction, row: models.Model) -> str:
    """Return the roles that may use the action for the row, in words."""
    return "somebody of " + " or ".join(roles_with(permissions_for(action, row)) or ["the superusers"])


def waiting_for(action: RowAction, approvals: Sequence[Approval]) -> Approval | None:
    """Return the request for this action that waits for a second person, None where another may be made."""
    if not action.kind:
        return None
    waits = (one for one in approvals if one.kind == action.kind and not kind_of(one).distinct_by)
    return next(waits, None)


def offers_for(
    request: HttpRequest,
    actions: Sequence[RowAction],
    row: models.Model,
    *,
    waiting: Mapping[Any, Sequence[Approval]],
    back: str,
) -> list[Offer]:
    """Return the actions that make sense for the row now and do not wait for a second person already."""
    sensible = [
        action for action in actions if action.when(row) and not waiting_for(action, waiting.get(row.pk, ()))
    ]
    return [_offer(request.user, action, row, back) for action in sensible]


def _offer(user: User | Any, action: RowAction, row: models.Model, back: str) -> Offer:
    url = act_url(type(row), action.name, [str(row.pk)], back=back)
    needs = "" if may_use(user, action, row) else who_may(action, row)
    return Offer(action.name, action.label, url, needs)
