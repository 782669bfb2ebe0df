"""Sessions: opened by a sign-in, prolonged by refresh tokens that work once, ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from audit.log import services as audit
from audit.log.context import acting_as
from audit.log.enums import ActorType
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.unit import in_unit
from gigstream.sign_in.errors import SignInRefused
from gigstream.sign_in.tokens import hash_token, random_token
from workers.models import RefreshToken, Worker, WorkerSession
from workers.profiles.errors import WorkerDeleted, WorkerSuspended
from workers.profiles.services import require_active
from workers.sign_in.enums import SessionEnd, SignInMethod
from workers.sign_in.errors import SessionOver, SignInSuspended
from workers.sign_in.tokens import make_access_token
from workers.signals import signed_in

REFRESH_LIFE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The tokens with which a worker's program calls. Neither text is stored."""

    worker_id: UUID
    access_token: str
    refresh_token: str
    refresh_expires_at: datetime


@verb("session.open", "worker")
def open_session(
    *,
    worker_id: UUID,
    method: SignInMethod,
    now: datetime,
    seen: Mapping[str, str] | None = None,
    identity_id: UUID | None = None,
    device_id: str = "",
) -> SignedIn:
    """Open a session of the worker, by the chain identity with this id if given. The caller has checked a
    credential against the columns in `seen`, which must be unchanged: a password changed meanwhile opens
    nothing. `device_id` is the random id of the browser or app.

    Raises SignInRefused or SignInSuspended, or SessionOver where the account was closed meanwhile.
    """
    worker = Worker.objects.locked().get(pk=worker_id)
    _require_may_sign_in(worker)
    if any(getattr(worker, name) != value for name, value in (seen or {}).items()):
        raise SignInRefused("the credential was changed meanwhile")
    session = WorkerSession.objects.create(
        worker=worker,
        method=method,
        identity_id=identity_id,
        created_at=now,
        expires_at=now + REFRESH_LIFE,
    )
    worker.last_login_at = now
    worker.save(update_fields=["last_login_at", "updated_at"])
    audit.record("session.open", worker, metadata={"session": session.pk, "method": method}, now=now)
    signed_in.send(sender=Worker, worker=worker, device_id=device_id, now=now)
    return _issue_tokens(session, now)


def _issue_tokens(session: WorkerSession, now: datetime) -> SignedIn:
    text = random_token("gr")
    expires_at = now + REFRESH_LIFE
    RefreshToken.objects.create(
        session=session, token_hash=hash_token(text), created_at=now, expires_at=expires_at
    )
    access = make_access_token(worker_id=session.worker_id, session_id=session.pk, now=now)
    return SignedIn(session.worker_id, access, text, expires_at)


def refresh_session(*, token: str, device_id: str = "", now: datetime | None = None) -> SignedIn:
    """Return new tokens for a refresh token, which works once.

    A second use means that it or its successor was stolen: the session ends for both holders. Raises
    SessionOver or SignInSuspended.
    """
    now = now or database_now()
    found = _find_session(token)
    if found is None:
        raise SessionOver("the session is over: sign in again")
    with acting_as(ActorType.WORKER, str(found.worker_id)):
        signed_in = _rotate_token(session_id=found.pk, token=token, device_id=device_id, now=now)
    # Outside of the transaction that may have ended the session, which must not be undone by this refusal.
    if signed_in is None:
        raise SessionOver("the session is over: sign in again")
    return signed_in


def _find_session(token: str) -> WorkerSession | None:
    return WorkerSession.objects.filter(tokens__token_hash=hash_token(token)).first()


@verb("session.refresh", "worker_session")
def _rotate_token(*, session_id: UUID, token: str, device_id: str, now: datetime) -> SignedIn | None:
    """Return new tokens, or None where the session is over or was just ended by a token used before."""
    session = WorkerSession.objects.locked().filter(pk=session_id).first()
    old = RefreshToken.objects.filter(token_hash=hash_token(token)).first()
    if session is None or old is None or session.revoked_at is not None:
        return None
    if old.used_at is not None:
        close_sessions([session], because=SessionEnd.TOKEN_REUSED, now=now)
        return None
    if old.expires_at <= now:
        return None
    _require_may_sign_in(session.worker)
    old.used_at = now
    old.save(update_fields=["used_at"])
    session.expires_at = now + REFRESH_LIFE
    session.save(update_fields=["expires_at"])
    audit.record("session.refresh", session.worker, metadata={"session": session.pk}, now=now)
    signed_in.send(sender=Worker, worker=session.worker, device_id=device_id, now=now)
    return _issue_tokens(session, now)


def _require_may_sign_in(worker: Worker) -> None:
    try:
        require_active(worker=worker)
    except WorkerDeleted as refusal:
        raise SessionOver("the session is over: sign in again") from refusal
    except WorkerSuspended as refusal:
        raise SignInSuspended(refusal.message, **refusal.numbers) from refusal


@in_unit
def close_session(*, token: str, now: datetime | None = None) -> None:
    """End the session of this refresh token, used or not. An unknown token changes nothing."""
    found = _find_session(token)
    if found is not None:
        with acting_as(ActorType.WORKER, str(found.worker_id)):
            sessions = WorkerSession.objects.locked().filter(pk=found.pk, revoked_at=None)
            close_sessions(list(sessions), because=SessionEnd.SIGNED_OUT, now=now or database_now())


def close_all_sessions(*, worker: Worker, because: SessionEnd, now: datetime) -> None:
    """End every session of the worker, in the caller's transaction."""
    sessions = WorkerSession.objects.locked().filter(worker=worker, revoked_at=None)
    close_sessions(list(sessions), because=because, now=now)


def close_sessions(sessions: list[WorkerSession], *, because: SessionEnd, now: datetime) -> None:
    """End these sessions, which the caller has locked, in the caller's transaction."""
    for session in sessions:
        session.revoked_at, session.revoked_because = now, because
        session.save(update_fields=["revoked_at", "revoked_because"])
        audit.record(
            "session.close", session.worker, metadata={"session": session.pk, "because": because}, now=now
        )
