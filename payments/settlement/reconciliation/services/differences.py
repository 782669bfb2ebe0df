"""Values that reconciliation compares: our side, the provider's and the chain's, and their differences."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from payments.models import Transaction
from payments.settlement.provider.protocol import ProviderTransfer
from payments.settlement.reconciliation.enums import DiscrepancyBucket

Side = dict[str, Any]
# A transfer may not be known on both sides for this time after a change.
SETTLING = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Difference:
    """A transfer, or the treasury, on which our side, the provider's and the chain's do not agree."""

    bucket: DiscrepancyBucket
    subject: str
    transaction_id: UUID | None
    ours: Side | None
    theirs: Side | None
    chain: Side | None = None


def our_side(payout: Transaction) -> Side:
    return {
        "id": str(payout.pk),
        "status": payout.status,
        "amount": str(payout.amount),
        "to_wallet": payout.to_wallet,
        "tx_hash": payout.tx_hash,
    }


def their_side(other: ProviderTransfer | None) -> Side | None:
    if other is None:
        return None
    return {
        "id": other.id,
        "state": other.raw_state or other.state,
        "amount": str(other.amount),
        "to_wallet": other.to_wallet,
        "tx_hash": other.tx_hash,
    }
