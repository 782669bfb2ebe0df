from typing import Any

from payments.ledger.subjects import QUEST
from payments.models import Transaction
from platforms.events.payloads import money


def of_transaction(transaction: Transaction) -> dict[str, Any]:
    """Return the transaction as it is now."""
    return {
        "id": transaction.pk,
        "type": transaction.type,
        "status": transaction.status,
        "amount": money(transaction.amount),
        "task_id": transaction.task_id,
        "stream_id": transaction.stream_id,
        "quest_id": transaction.subject_id if transaction.subject_kind == QUEST.number else None,
        "worker_id": transaction.worker_id,
        "fee": money(transaction.fee),
        "from_wallet": transaction.from_wallet,
        "to_wallet": transaction.to_wallet,
        "tx_hash": transaction.tx_hash,
        "block_number": transaction.block_number,
        "confirmations": transaction.confirmations,
        "error_message": transaction.error_message,
        "created_at": transaction.created_at,
        "not_before": transaction.not_before,
        "submitted_at": transaction.submitted_at,
        "confirmed_at": transaction.confirmed_at,
        "ended_at": transaction.ended_at,
    }
