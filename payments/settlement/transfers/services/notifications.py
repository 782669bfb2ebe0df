"""Notifications of the provider, each believed by its signature alone: a reason to look a transfer up.

An arrival may be from anybody. A genuine notification is kept byte for byte; an arrival that cannot be
verified yet waits, in a bounded number, for the job, which alone fetches keys from the provider; of a forgery
a digest is kept.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import IntegrityError, transaction

from gigstream.core.clock import database_now
from gigstream.core.unit import in_unit
from gigstream.jobs.registry import nudge_job
from gigstream.remote_calls.errors import ServiceUnavailable
from payments.models import ProviderNotification, Transaction
from payments.settlement.provider import configured_provider
from payments.settlement.provider.protocol import Notification, NotificationRefused, PaymentProvider
from payments.settlement.transactions.enums import TransactionStatus
from payments.settlement.transfers.enums import NotificationStatus

LONGEST_HEADER = 512
KEPT_FOR = timedelta(days=30)
UNBELIEVED_KEPT_FOR = timedelta(days=7)
# The most that are kept of each: with the longest body 32 MB that wait, and digests of forgeries.
MOST_KEPT = {NotificationStatus.RECEIVED: 500, NotificationStatus.FORGED: 1_000}
# A made-up key id costs the provider a call, so a run of the job fetches few.
KEYS_FETCHED_AT_ONCE = 5
SIGNATURE, KEY_ID = "x-circle-signature", "x-circle-key-id"


def receive_notification(
    body: bytes,
    headers: Mapping[str, str],
    *,
    now: datetime | None = None,
    provider: PaymentProvider | None = None,
) -> NotificationStatus:
    """Judge an arrival without a call to the provider: genuine (its transfer is looked up next), a duplicate,
    forged, or received, when the key that signed it is not known here yet."""
    provider = provider or configured_provider()
    now = now or database_now()
    lower = {name.lower(): value[:LONGEST_HEADER] for name, value in headers.items()}
    arrival = ProviderNotification(
        provider=provider.name,
        received_at=now,
        body=body,
        digest=sha256(body).hexdigest(),
        key_id=lower.get(KEY_ID, "")[:64],
        signature=lower.get(SIGNATURE, ""),
    )
    try:
        notification = provider.read_notification(body, _signed_headers(arrival))
    except NotificationRefused:
        arrival.body, arrival.status = b"", NotificationStatus.FORGED
        _keep_bounded(arrival)
        return NotificationStatus.FORGED
    except ServiceUnavailable:
        _keep_bounded(arrival)
        nudge_job("verify_notifications")
        return NotificationStatus.RECEIVED
    _save_arrival(arrival)
    return _apply_notification(arrival.pk, notification, now)


def verify_notifications(*, now: datetime | None = None, provider: PaymentProvider | None = None) -> int:
    """Fetch the keys that arrivals wait for, verify these, and delete old arrivals; return how many
    were genuine."""
    provider = provider or configured_provider()
    now = now or database_now()
    waiting = ProviderNotification.objects.filter(
        provider=provider.name, status=NotificationStatus.RECEIVED, received_at__gt=now - UNBELIEVED_KEPT_FOR
    )
    arrivals = list(waiting.order_by("pk")[: MOST_KEPT[NotificationStatus.RECEIVED]])
    unknown = dict.fromkeys(one.key_id for one in arrivals if not provider.knows_notification_key(one.key_id))
    for key_id in list(unknown)[:KEYS_FETCHED_AT_ONCE]:
        provider.learn_notification_key(key_id)
    statuses = [_verify_arrival(arrival, provider, now) for arrival in arrivals]
    _delete_old_arrivals(now)
    return statuses.count(NotificationStatus.GENUINE)


def _signed_headers(arrival: ProviderNotification) -> dict[str, str]:
    return {SIGNATURE: arrival.signature, KEY_ID: arrival.key_id}


@in_unit
def _save_arrival(arrival: ProviderNotification) -> None:
    arrival.save()


@in_unit
def _keep_bounded(arrival: ProviderNotification) -> None:
    """Keep an arrival that is not believed, once for each body, while there are not too many such."""
    alike = ProviderNotification.objects.filter(status=arrival.status)
    if alike.filter(digest=arrival.digest).exists():
        return
    most = MOST_KEPT[NotificationStatus(arrival.status)]
    if alike.order_by()[:most].count() < most:
        arrival.save()


def _verify_arrival(
    arrival: ProviderNotification, provider: PaymentProvider, now: datetime
) -> NotificationStatus:
    try:
        notification = provider.read_notification(bytes(arrival.body), _signed_headers(arrival))
    except NotificationRefused:
        _mark_forged(arrival.pk)
        return NotificationStatus.FORGED
    except ServiceUnavailable:
        return NotificationStatus.RECEIVED
    return _apply_notification(arrival.pk, notification, now)


@in_unit
def _mark_forged(arrival_id: int) -> None:
    ProviderNotification.unguarded.filter(pk=arrival_id).update(status=NotificationStatus.FORGED, body=b"")


@in_unit
def _apply_notification(arrival_id: int, notification: Notification, now: datetime) -> NotificationStatus:
    """Make the next look at the transfer due now; a notification that was believed before changes nothing."""
    payouts = Transaction.objects.filter(
        circle_tx_id=notification.transfer_id, status=TransactionStatus.SUBMITTED
    )
    locked = list(payouts.order_by("pk").select_for_update(of=("self",), no_key=True))
    arrival = ProviderNotification.objects.locked().get(pk=arrival_id)
    arrival.notification_id = notification.id
    arrival.transfer_id = notification.transfer_id
    arrival.state = notification.raw_state
    if not _is_first(arrival):
        return NotificationStatus.DUPLICATE
    # A parked transfer waits for staff, even when news of it is reported.
    due = [payout.pk for payout in locked if payout.next_attempt_at is not None]
    Transaction.unguarded.filter(pk__in=due).update(next_attempt_at=now)
    if due:
        nudge_job("poll_settlements")
    return NotificationStatus.GENUINE


def _is_first(arrival: ProviderNotification) -> bool:
    """Write the arrival as genuine, or as the duplicate of a genuine arrival, and return whether it is
    genuine; two of the same moment wait for each other."""
    try:
        with transaction.atomic():
            arrival.status = NotificationStatus.GENUINE
            arrival.save()
    except IntegrityError:
        arrival.status = NotificationStatus.DUPLICATE
        arrival.save()
    return arrival.status == NotificationStatus.GENUINE


def mark_applied(transfer_ids: Sequence[str], provider: str, now: datetime) -> None:
    """Mark the reports of these transfers until now as looked up."""
    reported = ProviderNotification.objects.locked().filter(
        provider=provider,
        transfer_id__in=transfer_ids,
        status=NotificationStatus.GENUINE,
        received_at__lte=now,
    )
    ProviderNotification.unguarded.filter(pk__in=[row.pk for row in reported]).update(
        status=NotificationStatus.APPLIED, applied_at=now
    )


@in_unit
def _delete_old_arrivals(now: datetime) -> None:
    believed = [NotificationStatus.GENUINE, NotificationStatus.APPLIED]
    old = ProviderNotification.unguarded.filter(received_at__lte=now - KEPT_FOR)
    old.filter(status=NotificationStatus.APPLIED).delete()
    unbelieved = ProviderNotification.unguarded.filter(received_at__lte=now - UNBELIEVED_KEPT_FOR)
    unbelieved.exclude(status__in=believed).delete()
