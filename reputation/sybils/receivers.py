"""Ties that are noted as they become known, the assessment of rewards, and the erasure of a worker's ties."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from audit.log.context import current_actor
from gigstream.network.network_addresses import address_key
from reputation.models import Submission
from reputation.quests.services import register_assessor
from reputation.signals import devices_reported, submissions_received
from reputation.sybils import services
from reputation.sybils.enums import TieKind
from reputation.sybils.services import Tie
from workers.models import Worker
from workers.signals import signed_in, social_account_proved, wallet_set, worker_deleted

register_assessor(services.assess_events)


@receiver(signed_in)
def note_device_and_network(worker: Worker, device_id: str, now: datetime, **kwargs: Any) -> None:
    """Note the device and the network address of a sign-in or refresh."""
    address = address_key(current_actor().ip_address)
    seen = [(TieKind.DEVICE, device_id and f"browser {device_id}"), (TieKind.NETWORK, address)]
    services.note_ties([Tie(worker.pk, kind, key) for kind, key in seen if key], now=now)


@receiver(devices_reported)
def note_reported_devices(devices: Sequence[tuple[Any, Any, str]], now: datetime, **kwargs: Any) -> None:
    """Note devices that a platform has reported, which names them as it likes."""
    ties = [
        Tie(worker_id, TieKind.DEVICE, f"platform {platform_id} {device_id}")
        for worker_id, platform_id, device_id in devices
    ]
    services.note_ties(ties, now=now)


@receiver(wallet_set)
def note_payout_address(worker: Worker, now: datetime, **kwargs: Any) -> None:
    """Note the payout address, which ties also who had it before."""
    services.note_ties([Tie(worker.pk, TieKind.PAYOUT_ADDRESS, worker.wallet_address or "")], now=now)


@receiver(social_account_proved)
def note_social_account(worker_id: Any, network: str, user_id: str, now: datetime, **kwargs: Any) -> None:
    """Note a social account that the worker has proved, also where it stayed linked to another."""
    services.note_ties([Tie(worker_id, TieKind.SOCIAL, f"{network} {user_id}")], now=now)


@receiver(submissions_received)
def note_uploads(submissions: Sequence[Submission], now: datetime, **kwargs: Any) -> None:
    """Note the files that workers have handed in, for any quest."""
    ties = [Tie(one.worker_id, TieKind.UPLOAD, one.sha256) for one in submissions if one.sha256]
    services.note_ties(ties, now=now)


@receiver(worker_deleted)
def erase_traces(worker: Worker, now: datetime, **kwargs: Any) -> None:
    services.erase_traces(worker=worker, now=now)
