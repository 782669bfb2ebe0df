"""Identities: accounts of chains that are added to a worker's account and then sign the worker in."""

from datetime import datetime, timedelta
from uuid import UUID

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.letters.models import Letter
from gigstream.letters.services import (
    LetterKind,
    Message,
    enqueue_letter,
    register_letter_kind,
    send_due_letters,
)
from gigstream.sign_in.errors import SignInRefused
from workers.identities.errors import IdentityTaken, TooManyIdentities
from workers.models import ChainIdentity, Worker, WorkerSession
from workers.profiles.services import require_active, require_free_wallet
from workers.sign_in.enums import SessionEnd
from workers.sign_in.services.sessions import close_sessions
from workers.sign_in.tokens import SignedAccount
from workers.wallets.errors import WalletNotProved, WalletTaken
from workers.wallets.services.nonces import spend_nonce

MOST = 10
# Identities of the days before a new password go with the old one.
RECENT = timedelta(days=7)


@verb("worker.add_identity", "worker")
def add_identity(*, worker_id: UUID, signed: SignedAccount, now: datetime | None = None) -> ChainIdentity:
    """Add the account that has signed to the worker's identities, and notify them by email; an account that
    they have already changes nothing.

    Raises WalletNotProved when the nonce is not fresh, IdentityTaken, TooManyIdentities, WorkerDeleted or
    WorkerSuspended.
    """
    worker = Worker.objects.locked().get(pk=worker_id)
    require_active(worker=worker)
    now = now or database_now()
    if not spend_nonce(nonce=signed.nonce, now=now):
        raise WalletNotProved("the nonce is spent or expired: request a new message")
    _require_free(signed.address, worker)
    known = ChainIdentity.objects.filter(worker=worker, chain=signed.chain, address=signed.address).first()
    if known is not None:
        return known
    count = ChainIdentity.objects.filter(worker=worker).count()
    if count >= MOST:
        raise TooManyIdentities(
            f"you have {count} identities of at most {MOST}: remove one", count=count, most=MOST
        )
    identity = ChainIdentity.objects.create(
        worker=worker, chain=signed.chain, address=signed.address, created_at=now
    )
    # Without the address, which is personal.
    audit.record(
        "worker.add_identity", worker, metadata={"identity": identity.pk, "chain": identity.chain}, now=now
    )
    enqueue_letter(NOTICE, identity.pk, now=now)
    return identity


def _require_free(address: str, worker: Worker) -> None:
    """Raise IdentityTaken where another worker has the account on any chain, or is paid at it: a key of an
    EVM account is the same on all EVM chains."""
    try:
        require_free_wallet(address=address, besides=worker.pk)
    except WalletTaken as refusal:
        raise IdentityTaken("another worker has this account") from refusal


@verb("worker.remove_identity", "worker")
def remove_identity(*, worker_id: UUID, identity_id: UUID, now: datetime | None = None) -> None:
    """Remove the worker's identity and end the sessions that it has opened. Raises
    ChainIdentity.DoesNotExist, WorkerDeleted or WorkerSuspended."""
    worker = Worker.objects.locked().get(pk=worker_id)
    require_active(worker=worker)
    identity = ChainIdentity.objects.get(worker=worker, pk=identity_id)
    _remove(identity, now or database_now())


def remove_recent_identities(*, worker: Worker, now: datetime) -> None:
    """Remove the identities added in the last 7 days, since an intruder may have added them. The caller has
    locked the worker."""
    for identity in ChainIdentity.objects.filter(worker=worker, created_at__gt=now - RECENT):
        _remove(identity, now)


def _remove(identity: ChainIdentity, now: datetime) -> None:
    opened = WorkerSession.objects.locked().filter(identity_id=identity.pk, revoked_at=None)
    close_sessions(list(opened), because=SessionEnd.IDENTITY_REMOVED, now=now)
    about = {"identity": identity.pk, "chain": identity.chain}
    audit.record("worker.remove_identity", identity.worker, metadata=about, now=now)
    identity.delete()


def note_login(*, identity: ChainIdentity, now: datetime) -> None:
    """Note the identity's sign-in, in the transaction that opens the session. Raises SignInRefused where the
    identity was removed meanwhile."""
    if not ChainIdentity.objects.filter(pk=identity.pk).update(last_login_at=now):
        raise SignInRefused("the identity was removed meanwhile")


def send_identity_notices(*, now: datetime | None = None) -> int:
    """Send the waiting letters about new identities; return how many were sent."""
    return send_due_letters(NOTICE, now=now)


def _write_notice(letter: Letter, now: datetime) -> Message | None:
    """Return the letter about the identity, or None if it was removed meanwhile."""
    identity = ChainIdentity.objects.select_related("worker").filter(pk=letter.subject_id).first()
    if identity is None:
        return None
    text = (
        f"Somebody, probably you, has added an account of the chain {identity.chain} to your GigStream"
        f" account, at {identity.created_at:%Y-%m-%d %H:%M} UTC. From now on it signs you in.\n\n"
        "If it was not you, request a new password now: that signs everybody out and removes the accounts"
        f" added in the last {RECENT.days} days.\n"
    )
    return Message(identity.worker.email, "A new way to sign in to GigStream", text)


NOTICE = register_letter_kind(LetterKind("identity_notice", "send_identity_notices", _write_notice))
