from typing import Any

from payments.oracle.models import ChainOperation
from platforms.events.payloads import money


def of_operation(operation: ChainOperation) -> dict[str, Any]:
    """Return the operation as it is now."""
    return {
        "id": operation.pk,
        "kind": operation.kind,
        "status": operation.status,
        "reason": operation.trouble,
        "creators": operation.creator_count,
        "tx_hash": operation.tx_hash or None,
        "block_number": operation.block_number,
        "fee": money(sum((row.fee for row in operation.spendings.all()), start=0 * operation.reserved)),
        "created_at": operation.created_at,
        "ended_at": operation.ended_at,
    }
