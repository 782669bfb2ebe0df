"""What the provider reports to us. An arrival is kept byte for byte before anybody believes it; once its
signature is verified it is a reason to look the transfer up, and no more."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from audit.jobs import ring
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from payments.enums import NotificationStatus, TransactionStatus
from payments.models import ProviderNotification, Transaction
from payments.provider import configured_provider
from payments.provider.protocol import (
    Notification,
    NotificationRefused,
    PaymentProvider,
    ProviderUnavailable,
)

LONGEST_HEADER = 512
KEPT_FOR = timedelta(days=30)
UNBELIEVED_KEPT_FOR = timedelta(days=7)
SIGNATURE, KEY_ID = "x-circle-signature", "x-circle-key-id"


def receive_notification(
    body: bytes,
    headers: Mapping[str, str],
    *,
    now: datetime | None = None,
    provider: PaymentProvider | None = None,
) -> NotificationStatus:
    """The arrival is kept, and what it is: genuine (its transfer is looked up next), a duplicate, or forged.

    Received means that it could not be verified yet, since the key that signed it cannot be fetched.
    """
    provider = provider or configured_provider()
    now = now or database_now()
    arrival = _keep(body, headers, provider.name, now)
    return _believe(arrival, provider, now)


def verify_notifications(*, now: datetime | None = None, provider: PaymentProvider | None = None) -> int:
    """Arrivals that could not be verified when they came have been tried again; returns how many were
    believed. What is old enough is forgotten."""
    provider = provider or configured_provider()
    now = now or database_now()
    waiting = ProviderNotification.objects.filter(
        provider=provider.name, status=NotificationStatus.RECEIVED, received_at__gt=now - UNBELIEVED_KEPT_FOR
    )
    statuses = [_believe(arrival, provider, now) for arrival in waiting.order_by("pk")[:100]]
    _forget(now)
    return statuses.count(NotificationStatus.GENUINE)


@atomic_with_retry
def _keep(body: bytes, headers: Mapping[str, str], provider: str, now: datetime) -> ProviderNotification:
    lower = {name.lower(): value[:LONGEST_HEADER] for name, value in headers.items()}
    arrival = ProviderNotification(
        provider=provider,
        received_at=now,
        body=body,
        key_id=lower.get(KEY_ID, "")[:64],
        signature=lower.get(SIGNATURE, ""),
    )
    arrival.save()
    return arrival


def _believe(arrival: ProviderNotification, provider: PaymentProvider, now: datetime) -> NotificationStatus:
    headers = {SIGNATURE: arrival.signature, KEY_ID: arrival.key_id}
    try:
        told = provider.read_notification(bytes(arrival.body), headers)
    except NotificationRefused:
        _mark(arrival.pk, NotificationStatus.FORGED)
        return NotificationStatus.FORGED
    except ProviderUnavailable:
        return NotificationStatus.RECEIVED
    return _take(arrival.pk, told, now)


@atomic_with_retry
def _mark(arrival_id: int, status: NotificationStatus) -> None:
    ProviderNotification.unguarded.filter(pk=arrival_id).update(status=status)


@atomic_with_retry
def _take(arrival_id: int, told: Notification, now: datetime) -> NotificationStatus:
    """The transfer has its next look now; a notification that was believed before changes nothing."""
    payouts = Transaction.objects.filter(circle_tx_id=told.transfer_id, status=TransactionStatus.SUBMITTED)
    locked = list(payouts.order_by("pk").select_for_update(of=("self",), no_key=True))
    arrival = ProviderNotification.objects.locked().get(pk=arrival_id)
    arrival.notification_id = told.id
    arrival.transfer_id = told.transfer_id
    arrival.state = told.raw_state
    if not _is_first(arrival):
        return NotificationStatus.DUPLICATE
    # A parked transfer waits for staff, whatever is reported.
    due = [payout.pk for payout in locked if payout.next_attempt_at is not None]
    Transaction.unguarded.filter(pk__in=due).update(next_attempt_at=now)
    if due:
        ring("poll_settlements")
    return NotificationStatus.GENUINE


def _is_first(arrival: ProviderNotification) -> bool:
    """Write it as genuine, or as the duplicate of one that is; two of the same moment wait for each other."""
    try:
        with transaction.atomic():
            arrival.status = NotificationStatus.GENUINE
            arrival.save()
    except IntegrityError:
        arrival.status = NotificationStatus.DUPLICATE
        arrival.save()
    return arrival.status == NotificationStatus.GENUINE


def mark_applied(transfer_ids: Sequence[str], provider: str, now: datetime) -> None:
    """What was reported of these transfers until now has been looked up."""
    reported = ProviderNotification.objects.locked().filter(
        provider=provider,
        transfer_id__in=transfer_ids,
        status=NotificationStatus.GENUINE,
        received_at__lte=now,
    )
    ProviderNotification.unguarded.filter(pk__in=[row.pk for row in reported]).update(
        status=NotificationStatus.APPLIED, applied_at=now
    )


@atomic_with_retry
def _forget(now: datetime) -> None:
    believed = [NotificationStatus.GENUINE, NotificationStatus.APPLIED]
    old = ProviderNotification.unguarded.filter(received_at__lte=now - KEPT_FOR)
    old.filter(status=NotificationStatus.APPLIED).delete()
    unbelieved = ProviderNotification.unguarded.filter(received_at__lte=now - UNBELIEVED_KEPT_FOR)
    unbelieved.exclude(status__in=believed).delete()
