"""Sign-in by password or by wallet."""

from datetime import datetime

from django.contrib.auth.hashers import check_password, make_password

from audit.log.context import acting_as
from audit.log.enums import ActorType
from audit.log.services import Record, record_many
from gigstream.core.clock import database_now
from gigstream.core.people.emails import normal_email
from gigstream.core.unit import in_unit
from gigstream.sign_in import guessing
from gigstream.sign_in.devices import known_device
from gigstream.sign_in.errors import SignInRefused
from workers.identities.selectors import find_identity
from workers.identities.services import note_login
from workers.models import ChainIdentity, Worker
from workers.sign_in.enums import SignInMethod
from workers.sign_in.services.sessions import SignedIn, open_session
from workers.sign_in.tokens import SignedAccount
from workers.wallets.chains import payout_chain
from workers.wallets.services.nonces import spend_nonce


def sign_in(
    *, email: str, password: str, device: str = "", device_id: str = "", now: datetime | None = None
) -> SignedIn:
    """Sign in the worker with this email address and password. `device` is the cookie of a known device,
    which strangers' failures do not lock; `device_id` the random id of the browser or app, the same for all
    accounts there.

    The tries are counted in transactions of their own, so that a refusal does not undo them. Raises
    SignInRefused, alike for known and unknown addresses, SignInLocked or SignInSuspended.
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
    guessing.forgive_source(email, device=device)
    with acting_as(ActorType.WORKER, str(worker.pk)):
        return open_session(
            worker_id=worker.pk,
            method=SignInMethod.PASSWORD,
            now=now,
            seen={"password_hash": worker.password_hash},
            device_id=device_id,
        )


def _is_password_of(worker: Worker | None, password: str) -> bool:
    """Whether this is the worker's password. Without a password a hash is made all the same, to take as
    long."""
    if worker is None or not worker.password_hash:
        make_password(password)
        return False
    return check_password(password, worker.password_hash)


def _record_failure(worker: Worker | None, method: SignInMethod, now: datetime) -> None:
    """Log a failed sign-in to the account, if there is such an account."""
    line = Record(
        "session.open",
        "worker",
        str(worker.pk) if worker else "",
        metadata={"code": SignInRefused.code, "method": method},
        error="wrong credential",
    )
    with acting_as(ActorType.WORKER, str(worker.pk) if worker else ""):
        record_many([line], now=now)


def sign_in_with_wallet(
    *, signed: SignedAccount, device_id: str = "", now: datetime | None = None
) -> SignedIn:
    """Sign in the worker whose identity the account is, or who is paid at its address, if both their email
    address and the account were proved: neither opens an account that a stranger has made with it.

    The nonce is spent even if this is refused. Raises SignInRefused or SignInSuspended.
    """
    now = now or database_now()
    fresh = spend_nonce(nonce=signed.nonce, now=now)
    identity = find_identity(chain=signed.chain, address=signed.address)
    worker = identity.worker if identity else _find_paid_worker(signed)
    if worker is None or not fresh:
        _record_failure(worker, SignInMethod.WALLET, now)
        raise SignInRefused("the nonce is spent or expired, or this account signs nobody in")
    with acting_as(ActorType.WORKER, str(worker.pk)):
        if identity is not None:
            return _open_by_identity(identity, device_id, now)
        return open_session(
            worker_id=worker.pk,
            method=SignInMethod.WALLET,
            now=now,
            seen={"wallet_address": signed.address},
            device_id=device_id,
        )


def _find_paid_worker(signed: SignedAccount) -> Worker | None:
    """Return the worker who is paid at the account's address."""
    if signed.chain != str(payout_chain()):
        return None
    proved = Worker.objects.filter(email_proved_at__isnull=False, wallet_proved_at__isnull=False)
    return proved.filter(wallet_address=signed.address, deleted_at=None).first()


@in_unit
def _open_by_identity(identity: ChainIdentity, device_id: str, now: datetime) -> SignedIn:
    signed_in = open_session(
        worker_id=identity.worker_id,
        method=SignInMethod.WALLET,
        now=now,
        identity_id=identity.pk,
        device_id=device_id,
    )
    note_login(identity=identity, now=now)
    return signed_in
