"""Authorizations at social networks: begun by a worker, redeemed once, with calls outside of transactions."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from threading import BoundedSemaphore
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.unit import in_unit
from gigstream.remote_calls.errors import CallRefused
from gigstream.remote_calls.models import CircuitBreaker
from gigstream.remote_calls.services.breaker import note_outcomes, permitted_calls
from gigstream.remote_calls.services.calls import make_call
from gigstream.sign_in.tokens import hash_token, random_token
from workers.models import SocialAuthorization, Worker
from workers.profiles.services import require_active
from workers.social import oauth
from workers.social.errors import CodeRefused, NetworkUnavailable, StateRefused
from workers.social.networks import Network, find_network
from workers.social.oauth import SocialUser

logger = logging.getLogger(__name__)

LIFE = timedelta(minutes=10)
# A network that hangs holds at most a quarter of the threads that answer requests.
call_slots = BoundedSemaphore(max(settings.WEB_THREADS // 4, 1))
SLOT_SECONDS = 2
_UNUSABLE = "the state is unknown, expired, used before or of another worker: start again"


@dataclass(frozen=True, slots=True)
class StartedAuthorization:
    """The address where the worker consents, the state that comes back from there, and its end."""

    url: str
    state: str
    expires_at: datetime


@verb("worker.start_social_account", "worker")
def start_social_account(
    *, worker_id: UUID, network: str, now: datetime | None = None
) -> StartedAuthorization:
    """Begin an authorization at the network. Raises UnknownNetwork, WorkerDeleted or WorkerSuspended."""
    worker = Worker.objects.locked().get(pk=worker_id)
    require_active(worker=worker)
    found = find_network(network)
    now = now or database_now()
    state = random_token("go")
    row = SocialAuthorization.objects.create(
        worker=worker,
        network=found.name,
        state_hash=hash_token(state),
        created_at=now,
        expires_at=now + LIFE,
    )
    audit.record("worker.start_social_account", worker, metadata={"network": found.name}, now=now)
    url = oauth.authorization_url(found, state=state, verifier=_verifier_of(state))
    return StartedAuthorization(url, state, row.expires_at)


def redeem_authorization(
    *, worker_id: UUID, state: str, code: str, now: datetime | None = None
) -> SocialUser:
    """Return the user who has consented at the network, by two calls to it outside of transactions. The state
    is spent with the first call, also where it fails.

    Raises StateRefused, CodeRefused, UnknownNetwork, or NetworkUnavailable; while the network is not called,
    the state stays usable.
    """
    now = now or database_now()
    network = _network_of(worker_id, state, now)
    with _call_slot(network):
        if not permitted_calls(network.service, 1, now):
            raise _unavailable(network, now)
        _spend_state(worker_id, state, now)
        outcome = make_call(lambda: oauth.fetch_user(network, code=code, verifier=_verifier_of(state)))
    note_outcomes(network.service, [outcome.error_class], database_now())
    if isinstance(outcome.error, CallRefused):
        raise CodeRefused(f"{network.title} refuses the code: start again")
    if outcome.answer is None:
        logger.warning("%s gives no usable answer: %s", network.service, outcome.message)
        raise NetworkUnavailable(f"{network.title} gives no usable answer: start again")
    return outcome.answer


@contextmanager
def _call_slot(network: Network) -> Iterator[None]:
    """Take a slot for calls during the block. Raises NetworkUnavailable where all are taken."""
    if not call_slots.acquire(blocking=False):
        raise NetworkUnavailable(
            f"{network.title} answers slowly: try again in {SLOT_SECONDS} s", retry_after_seconds=SLOT_SECONDS
        )
    try:
        yield
    finally:
        call_slots.release()


def _network_of(worker_id: UUID, state: str, now: datetime) -> Network:
    """Return the network of the worker's authorization with this state. Raises StateRefused."""
    row = _usable(worker_id, state, now).first()
    if row is None:
        raise StateRefused(_UNUSABLE)
    return find_network(row.network)


@in_unit
def _spend_state(worker_id: UUID, state: str, now: datetime) -> None:
    if not _usable(worker_id, state, now).update(used_at=now):
        raise StateRefused(_UNUSABLE)


def _usable(worker_id: UUID, state: str, now: datetime) -> QuerySet[SocialAuthorization]:
    rows = SocialAuthorization.objects.filter(worker_id=worker_id, state_hash=hash_token(state))
    return rows.filter(used_at=None, expires_at__gt=now)


def _verifier_of(state: str) -> str:
    """Return the PKCE verifier of the authorization: derived, so that no secret is kept for it."""
    return salted_hmac("gigstream.workers.social", state, algorithm="sha256").hexdigest()


def _unavailable(network: Network, now: datetime) -> NetworkUnavailable:
    retry_at = CircuitBreaker.objects.filter(pk=network.service).values_list("retry_at", flat=True).first()
    seconds = max(1, ceil((retry_at - now).total_seconds())) if retry_at else 1
    return NetworkUnavailable(
        f"{network.title} does not answer: try again in {seconds} s", retry_after_seconds=seconds
    )
