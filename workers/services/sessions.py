"""Sessions: opened by a sign-in, prolonged by refresh tokens that work once, ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from audit import services as audit
from audit.context import acting_as
from audit.enums import ActorType
from audit.services import verb
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from workers.enums import SessionEnd, SignInMethod
from workers.errors import SessionOver, SignInRefused, SignInSuspended, WorkerDeleted, WorkerSuspended
from workers.models import RefreshToken, Worker, WorkerSession
from workers.services.profiles import require_active
from workers.tokens import access_token, hash_token, random_token

REFRESH_LIFE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a worker's program gets to call with. Neither text is kept here."""

    worker_id: UUID
    access_token: str
    refresh_token: str
    refresh_expires_at: datetime


@verb("session.open", "worker")
def open_session(
    *, worker_id: UUID, method: SignInMethod, now: datetime, seen: Mapping[str, str] | None = None
) -> SignedIn:
    """The worker is signed in. The caller has checked a credential against the columns in `seen`, which must
    still be so: a password changed meanwhile opens nothing.

    Raises SignInRefused or SignInSuspended, or SessionOver where the account was closed meanwhile.
    """
    worker = Worker.objects.locked().get(pk=worker_id)
    _require_may_sign_in(worker)
    if any(getattr(worker, name) != value for name, value in (seen or {}).items()):
        raise SignInRefused("the credential was changed meanwhile")
    session = WorkerSession.objects.create(
        worker=worker, method=method, created_at=now, expires_at=now + REFRESH_LIFE
    )
    worker.last_login_at = now
    worker.save(update_fields=["last_login_at", "updated_at"])
    audit.record("session.open", worker, metadata={"session": session.pk, "method": method}, now=now)
    return _tokens(session, now)


def _tokens(session: WorkerSession, now: datetime) -> SignedIn:
    text = random_token("gr")
    expires_at = now + REFRESH_LIFE
    RefreshToken.objects.create(
        session=session, token_hash=hash_token(text), created_at=now, expires_at=expires_at
    )
    access = access_token(worker_id=session.worker_id, session_id=session.pk, now=now)
    return SignedIn(session.worker_id, access, text, expires_at)


def refresh_session(*, token: str, now: datetime | None = None) -> SignedIn:
    """New tokens for a refresh token, which works once.

    Used a second time, it or its successor was stolen: the session ends for both holders. Raises SessionOver
    or SignInSuspended.
    """
    now = now or database_now()
    found = _by_token(token)
    if found is None:
        raise SessionOver("the session is over: sign in again")
    with acting_as(ActorType.WORKER, str(found.worker_id)):
        signed_in = _rotate(session_id=found.pk, token=token, now=now)
    # Outside of the transaction that may have ended the session, which must not be undone by this refusal.
    if signed_in is None:
        raise SessionOver("the session is over: sign in again")
    return signed_in


def _by_token(token: str) -> WorkerSession | None:
    return WorkerSession.objects.filter(tokens__token_hash=hash_token(token)).first()


@verb("session.refresh", "worker_session")
def _rotate(*, session_id: UUID, token: str, now: datetime) -> SignedIn | None:
    """New tokens, or None where the session is over or has just been ended by a token used before."""
    session = WorkerSession.objects.locked().filter(pk=session_id).first()
    old = RefreshToken.objects.filter(token_hash=hash_token(token)).first()
    if session is None or old is None or session.revoked_at is not None:
        return None
    if old.used_at is not None:
        _revoke([session], SessionEnd.TOKEN_REUSED, now)
        return None
    if old.expires_at <= now:
        return None
    _require_may_sign_in(session.worker)
    old.used_at = now
    old.save(update_fields=["used_at"])
    session.expires_at = now + REFRESH_LIFE
    session.save(update_fields=["expires_at"])
    audit.record("session.refresh", session.worker, metadata={"session": session.pk}, now=now)
    return _tokens(session, now)


def _require_may_sign_in(worker: Worker) -> None:
    try:
        require_active(worker)
    except WorkerDeleted as refusal:
        raise SessionOver("the session is over: sign in again") from refusal
    except WorkerSuspended as refusal:
        raise SignInSuspended(refusal.message, **refusal.numbers) from refusal


@atomic_with_retry
def close_session(*, token: str, now: datetime | None = None) -> None:
    """The session of this refresh token, used or not, is over. A token that is not known changes nothing."""
    found = _by_token(token)
    if found is not None:
        with acting_as(ActorType.WORKER, str(found.worker_id)):
            sessions = WorkerSession.objects.locked().filter(pk=found.pk, revoked_at=None)
            _revoke(list(sessions), SessionEnd.SIGNED_OUT, now or database_now())


def close_all_sessions(worker: Worker, because: SessionEnd, now: datetime) -> None:
    """Nobody is signed in as this worker any more. In the caller's transaction."""
    _revoke(list(WorkerSession.objects.locked().filter(worker=worker, revoked_at=None)), because, now)


def _revoke(sessions: list[WorkerSession], because: SessionEnd, now: datetime) -> None:
    for session in sessions:
        session.revoked_at, session.revoked_because = now, because
        session.save(update_fields=["revoked_at", "revoked_because"])
        audit.record(
            "session.close", session.worker, metadata={"session": session.pk, "because": because}, now=now
        )
