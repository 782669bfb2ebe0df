from decimal import Decimal
from typing import Any

from payments.oracle.models import ChainOperation
from platforms.events.payloads import money


def of_operation(operation: ChainOperation, *, fee: Decimal) -> dict[str, Any]:
    """Return the operation as it is now, with what its gas has cost."""
    return {
        "id": operation.pk,
        "kind": operation.kind,
        "status": operation.status,
        "reason": operation.trouble,
        "creators": operation.creator_count,
        "tx_hash": operation.tx_hash or None,
        "block_number": operation.block_number,
        "fee": money(fee),
        "created_at": operation.created_at,
        "ended_at": operation.ended_at,
    }
