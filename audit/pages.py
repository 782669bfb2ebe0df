"""What pages of staff say of an act that needs a second person."""

from audit.approvals import kind_of
from audit.models import Approval
from gigstream.lib.admin import Told


def told(result: object) -> object:
    """The result of an act; of one that waits for a second person, what staff are told."""
    if not isinstance(result, Approval):
        return result
    words = kind_of(result).words
    return Told(f"{words} waits for a second person, until {result.expires_at:%Y-%m-%d %H:%M} UTC:", result)
