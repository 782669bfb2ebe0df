"""A simulated custody service and chain, for development and demos: transfers are kept in its own table and
move from block to block as the clock goes."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid5

from django.conf import settings

from gigstream.lib.clock import database_now
from payments.enums import TransferState
from payments.models import SandboxTransfer
from payments.provider.protocol import ProviderRefused, ProviderTransfer, ProviderUnavailable


class SandboxProvider:
    """Deterministic: ids and hashes follow from the key, the state from the time since acceptance."""

    name = "sandbox"
    simulated = True

    def __init__(self, clock: Callable[[], datetime] = database_now) -> None:
        self._clock = clock

    def transfer(self, *, key: UUID, to_wallet: str, amount: Decimal) -> ProviderTransfer:
        now = self._clock()
        row, _ = SandboxTransfer.objects.get_or_create(
            idempotency_key=key,
            defaults={
                "id": uuid5(key, "sandbox transfer"),
                "to_wallet": to_wallet,
                "amount": amount,
                "accepted_at": now,
                "tx_hash": "0x" + hashlib.sha256(key.bytes).hexdigest(),
                "block_number": self._head(now) + 1,
                "failure": "blocklisted" if to_wallet in settings.SANDBOX_BLOCKLIST else "",
            },
        )
        if (row.to_wallet, row.amount) != (to_wallet, amount):
            raise ProviderRefused(f"key {key} was used for another transfer")
        return self._as_transfer(row)

    def get(self, transfer_id: str) -> ProviderTransfer:
        row = SandboxTransfer.objects.filter(pk=transfer_id).first()
        if row is None:
            raise ProviderUnavailable(f"no transfer {transfer_id}")
        return self._as_transfer(row)

    def _as_transfer(self, row: SandboxTransfer) -> ProviderTransfer:
        confirmations = max(self._head(self._clock()) - row.block_number + 1, 0)
        if not confirmations:
            state = TransferState.QUEUED
        else:
            state = TransferState.FAILED if row.failure else TransferState.CONFIRMED
        mined = state == TransferState.CONFIRMED
        return ProviderTransfer(
            id=str(row.pk),
            state=state,
            to_wallet=row.to_wallet,
            amount=row.amount,
            tx_hash=row.tx_hash if mined else None,
            block_number=row.block_number if mined else None,
            confirmations=confirmations if mined else 0,
            failure=row.failure,
        )

    @staticmethod
    def _head(now: datetime) -> int:
        """The newest block: one every SANDBOX_BLOCK_SECONDS since 1970."""
        return int(now.timestamp()) // settings.SANDBOX_BLOCK_SECONDS
