"""Invitations of workers and their consents."""

from datetime import timedelta
from typing import Any

from django.core import mail

from gigstream.core.clock import database_now
from gigstream.core.ids import new_id
from platforms import services as platforms
from platforms.models import Consent, Invitation, Platform
from tests.support.api.asks import Ask, numbers, request_for, rich_platform
from tests.support.database.breaks import breaks, run
from tests.support.database.rich_history import History
from tests.support.factories import NOW as AT
from tests.support.factories import PlatformFactory, WorkerFactory, consent
from workers.models import Worker

ROWS = {
    Invitation: lambda: {
        "platform": PlatformFactory.create(),
        "email": "row@example.com",
        "email_hash": f"{new_id().int:064x}",
        "token_hash": f"{new_id().int:064x}",
        "created_at": AT,
        "expires_at": AT + timedelta(days=7),
    },
    Consent: lambda: {
        "platform": PlatformFactory.create(),
        "worker": WorkerFactory.create(),
        "source": "invitation",
        "accepted_at": AT,
        "created_at": AT,
    },
}
BROKEN: list[tuple[str, type[Any], dict[str, Any]]] = [
    ("invitation_token_hash_is_sha256", Invitation, {"token_hash": "g" * 64}),
    ("invitation_sent_has_a_token", Invitation, {"token_hash": None, "sent_at": AT}),
    ("invitation_accepted_as_a_whole", Invitation, {"email_hash": ""}),
    ("invitation_accepted_as_a_whole", Invitation, {"accepted_at": AT, "email": "", "email_hash": ""}),
    ("invitation_expires_after_it_was_made", Invitation, {"expires_at": AT}),
    ("consent_source_known", Consent, {"source": "rumour"}),
    ("consent_ended_as_a_whole", Consent, {"ended_at": AT}),
    ("consent_ended_as_a_whole", Consent, {"ended_by": "worker"}),
    ("consent_ended_as_a_whole", Consent, {"ended_at": AT, "ended_by": "nobody"}),
    (
        "consent_ends_after_acceptance",
        Consent,
        {"ended_at": AT - timedelta(microseconds=1), "ended_by": "worker"},
    ),
]
REPEATED: list[tuple[str, type[Any], tuple[str, ...], dict[str, Any]]] = [
    ("invitation_one_open_per_address", Invitation, ("platform", "email_hash"), {}),
    ("consent_one_open_per_pair", Consent, ("worker", "platform"), {}),
]
CODES = {
    ("invitation_refused", 400): lambda g: g.me.post("me/invitations/accept", {"token": "gi_" + "x" * 43}),
}


def _accepts(platform: Platform) -> None:
    worker, token = _invited(platform)
    platforms.accept_invitation(worker_id=worker.pk, token=token)


EVENTS = [_accepts]


@breaks("tasks_were_assigned_under_consent")
def an_assignment_after_the_consent_ended(h: History) -> None:
    run(
        "UPDATE consents c SET ended_at = t.assigned_at - interval '1 microsecond', ended_by = 'worker'"
        " FROM tasks t WHERE t.id = %s AND (c.worker_id, c.platform_id) = (t.worker_id, t.platform_id)",
        h.paid.pk,
    )


@breaks("tasks_were_assigned_under_consent")
def an_assignment_before_the_consent(h: History) -> None:
    run(
        "UPDATE consents c SET accepted_at = t.assigned_at + interval '1 microsecond'"
        " FROM tasks t WHERE t.id = %s AND (c.worker_id, c.platform_id) = (t.worker_id, t.platform_id)",
        h.paid.pk,
    )


@breaks("tasks_were_assigned_under_consent")
def an_assignment_without_consent(h: History) -> None:
    run("DELETE FROM consents WHERE worker_id = %s", h.other.pk)


@request_for("invite_worker")
def _() -> Ask:
    first, second = ({"email": f"guest{next(numbers)}@example.com"} for _ in range(2))
    return Ask(PlatformFactory.create(), "workers/invite", first, second)


@request_for("list_invitations")
def _() -> Ask:
    platform = PlatformFactory.create()
    platforms.invite_worker(platform_id=platform.pk, email=f"guest{next(numbers)}@example.com")
    return Ask(platform, "workers/invitations")


def _invited(platform: Platform | None = None) -> tuple[Worker, str]:
    """Return a worker whom a platform has invited, and the token in the email."""
    worker = WorkerFactory.create(now=database_now())
    inviting = platform or PlatformFactory.create()
    platforms.invite_worker(platform_id=inviting.pk, email=worker.email)
    platforms.send_invitations()
    return worker, next(word for word in mail.outbox[-1].body.split() if word.startswith("gi_"))


@request_for("accept_invitation")
def _() -> Ask:
    worker, token = _invited()
    return Ask(worker, "me/invitations/accept", {"token": token})


@request_for("list_my_invitations")
def _() -> Ask:
    return Ask(_invited()[0], "me/invitations")


@request_for("accept_my_invitation")
def _() -> Ask:
    worker, _ = _invited()
    return Ask(worker, f"me/invitations/{platforms.invitations_to(worker=worker).get().pk}/accept", {})


@request_for("leave_platform")
def _() -> Ask:
    worker, platform = WorkerFactory.create(now=database_now()), rich_platform()
    consent(platform, worker)
    return Ask(worker, f"me/platforms/{platform.pk}/leave", {})
