"""Actions of staff: buttons on pages and lists, the pages that confirm them, and the context of decisions."""

from gigstream.adminkit.actions.contexts import ContextLine, add_context, against, context_of
from gigstream.adminkit.actions.forms import LONGEST_REASON, ActionForm, AmountField, ReasonForm
from gigstream.adminkit.actions.notices import Notice, add_notices, notices_of, waiting_approvals
from gigstream.adminkit.actions.registration import (
    add_actions,
    added_actions,
    register_reason_frame,
    register_role_finder,
    register_token_recorder,
)
from gigstream.adminkit.actions.results import ActionResult
from gigstream.adminkit.actions.row_action import RowAction

__all__ = [
    "LONGEST_REASON",
    "ActionForm",
    "ActionResult",
    "AmountField",
    "ContextLine",
    "Notice",
    "ReasonForm",
    "RowAction",
    "add_actions",
    "add_context",
    "add_notices",
    "added_actions",
    "against",
    "context_of",
    "notices_of",
    "register_reason_frame",
    "register_role_finder",
    "register_token_recorder",
    "waiting_approvals",
]
