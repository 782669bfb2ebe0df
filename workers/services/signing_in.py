"""Signing in, by password or by wallet."""

from datetime import datetime

from django.contrib.auth.hashers import check_password, make_password

from audit.context import acting_as
from audit.enums import ActorType
from audit.services import Record, record_many
from gigstream.lib.clock import database_now
from gigstream.lib.emails import normal_email
from workers.devices import known_device
from workers.enums import SignInMethod
from workers.errors import SignInRefused
from workers.models import Worker
from workers.services import guessing
from workers.services.nonces import spend_nonce
from workers.services.sessions import SignedIn, open_session
from workers.tokens import SignedMessage


def sign_in(*, email: str, password: str, device: str = "", now: datetime | None = None) -> SignedIn:
    """The worker with this email address and password is signed in. `device` is the cookie of a known one,
    which strangers' failures do not lock.

    Not in one transaction: the tries are counted whatever follows. Raises SignInRefused, without telling
    whether the address is known, SignInLocked or SignInSuspended.
    """
    now = now or database_now()
    email = normal_email(email)
    if known_device(email, device) is None:
        guessing.require_calm_address()
    guessing.take_try(email, now=now, device=device)
    worker = Worker.objects.filter(email=email, deleted_at=None).first()
    if not _is_password_of(worker, password) or worker is None:
        guessing.count_failure_of_address()
        _record_failure(worker, SignInMethod.PASSWORD, now)
        raise SignInRefused("the email address or the password is wrong")
    guessing.forgive(email, device=device)
    with acting_as(ActorType.WORKER, str(worker.pk)):
        return open_session(
            worker_id=worker.pk,
            method=SignInMethod.PASSWORD,
            now=now,
            seen={"password_hash": worker.password_hash},
        )


def _is_password_of(worker: Worker | None, password: str) -> bool:
    """Whether this is the worker's password. Without one a hash is made in vain: it takes as long."""
    if worker is None or not worker.password_hash:
        make_password(password)
        return False
    return check_password(password, worker.password_hash)


def _record_failure(worker: Worker | None, method: SignInMethod, now: datetime) -> None:
    """The log says on which account, if any, somebody failed to sign in; who it was nobody knows."""
    line = Record(
        "session.open",
        "worker",
        str(worker.pk) if worker else "",
        metadata={"code": SignInRefused.code, "method": method},
        error="wrong credential",
    )
    with acting_as(ActorType.WORKER, str(worker.pk) if worker else ""):
        record_many([line], now=now)


def sign_in_with_wallet(*, signed: SignedMessage, now: datetime | None = None) -> SignedIn:
    """The worker who is paid at the address that signed is signed in, if both their email address and the
    wallet were proved: neither opens an account that somebody else has made with it.

    The nonce is spent whatever follows. Raises SignInRefused or SignInSuspended.
    """
    now = now or database_now()
    fresh = spend_nonce(signed.nonce, now)
    proved = Worker.objects.filter(email_proved_at__isnull=False, wallet_proved_at__isnull=False)
    worker = proved.filter(wallet_address=signed.address, deleted_at=None).first()
    if worker is None or not fresh:
        _record_failure(worker, SignInMethod.WALLET, now)
        raise SignInRefused("the nonce is spent or expired, or nobody here is paid at this address")
    with acting_as(ActorType.WORKER, str(worker.pk)):
        return open_session(
            worker_id=worker.pk,
            method=SignInMethod.WALLET,
            now=now,
            seen={"wallet_address": signed.address},
        )
