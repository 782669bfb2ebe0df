"""Reasons for actions of staff."""

from audit.log.errors import ReasonMissing


def require_reason(reason: str) -> str:
    """Return the reason without blanks at its ends. Raises ReasonMissing where nothing is left."""
    if not reason.strip():
        raise ReasonMissing("this is done only with a reason")
    return reason.strip()
