from typing import Any

from platforms.models import UsageBatch, UsageCorrection


def of_batch(batch: UsageBatch) -> dict[str, Any]:
    """Return the batch with its receipt."""
    receipt = batch.receipt
    return {
        "batch_id": batch.pk,
        "receipt_number": receipt.number,
        "accepted": batch.accepted,
        "replayed": batch.replayed,
        "refused": batch.refused,
        "totals": receipt.totals,
        "root": receipt.root,
    }


def of_correction(correction: UsageCorrection) -> dict[str, Any]:
    """Return the correction with its receipt; what it changed by creator and day can be read with it."""
    return {
        "id": correction.pk,
        "kind": correction.kind,
        "reason": correction.reason,
        "events": correction.events,
        "reverts_id": correction.reverts_id,
        "receipt_number": correction.receipt.number,
        "listeners_final_on": correction.listeners_final_on,
        "created_at": correction.created_at,
    }
