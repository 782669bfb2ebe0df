"""Sessions of staff: their end, its audit line and the deletion of expired rows."""

from datetime import datetime

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session

from audit.log.context import acting_as
from audit.log.enums import ActorType
from audit.log.services import record
from gigstream.core.clock import database_now
from gigstream.core.postgres.transactions import delete_some
from gigstream.core.unit import in_unit
from gigstream.staff.models import PasswordCode


def end_sessions(user: User, *, now: datetime, but: str = "") -> None:
    """Sign the account out of all its sessions except that with the key `but`."""
    for session in Session.objects.filter(expire_date__gt=now).exclude(pk=but).iterator():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()


def record_sign_out(user: User, *, because: str) -> None:
    """Record that a session has ended, and whether its owner or its age ended it."""
    with acting_as(ActorType.STAFF, str(user.pk)):
        record("staff.sign_out", user, metadata={"because": because})


@in_unit
def sweep_sign_in(*, now: datetime | None = None) -> int:
    """Delete a batch of expired sessions and password codes; return their number."""
    now = now or database_now()
    return delete_some(Session.objects.filter(expire_date__lte=now)) + delete_some(
        PasswordCode.objects.filter(expires_at__lte=now)
    )
