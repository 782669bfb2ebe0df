"""Results of actions that need a second person."""

from audit.approvals.services import kind_of
from audit.models import Approval
from gigstream.adminkit import ActionResult


def as_action_result(result: object) -> object:
    """Turn an approval that waits for a second person into a message; return other results unchanged."""
    if not isinstance(result, Approval):
        return result
    label = kind_of(result).label
    return ActionResult(
        f"{label} waits for a second person, until {result.expires_at:%Y-%m-%d %H:%M} UTC:",
        result,
        is_warning=True,
    )
