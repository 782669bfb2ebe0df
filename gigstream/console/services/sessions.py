"""The sessions of the staff: how they end, and what is left of them afterwards."""

from datetime import datetime

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session

from audit.context import acting_as
from audit.enums import ActorType
from audit.services import record
from gigstream.console.models import PasswordCode
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry, delete_some


def end_sessions(user: User, *, now: datetime, but: str = "") -> None:
    """The person is signed out everywhere, `but` in the session with this key."""
    for session in Session.objects.filter(expire_date__gt=now).exclude(pk=but).iterator():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()


def record_sign_out(user: User, *, because: str) -> None:
    """It is on record that the person's session has ended, and whether they or its time ended it."""
    with acting_as(ActorType.STAFF, str(user.pk)):
        record("staff.sign_out", user, metadata={"because": because})


@atomic_with_retry
def sweep_sign_in(*, now: datetime | None = None) -> int:
    """Sessions and password codes whose time is over are gone, some at a time; returns how many."""
    now = now or database_now()
    return delete_some(Session.objects.filter(expire_date__lte=now)) + delete_some(
        PasswordCode.objects.filter(expires_at__lte=now)
    )
