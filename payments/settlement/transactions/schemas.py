from rest_framework import serializers

from gigstream.api.fields import Amount, Choice, Id, Instant, ReferenceText, StrictSerializer, Text, Whole
from gigstream.api.schema.describing import describe_rows
from payments.models import Transaction
from payments.settlement.payouts.selectors import MOST_NAMED_TASKS
from payments.settlement.transactions.enums import TransactionStatus, TransactionType
from platforms.tasks.enums import PayoutStatus

TRANSACTION_COLUMNS = (
    "id",
    "reference",
    "created_at",
    "updated_at",
    "type",
    "status",
    "amount",
    "fee",
    "task_id",
    "stream_id",
    "quest_id",
    "worker_id",
    "from_wallet",
    "to_wallet",
    "tx_hash",
    "block_number",
    "confirmations",
    "not_before",
    "submitted_at",
    "confirmed_at",
    "ended_at",
    "error_message",
)


class PayoutTask(serializers.Serializer):
    """One of the caller's tasks whose pay a payout carries."""

    task_id = Id()
    external_task_id = Text(allow_null=True)
    amount = Amount(help_text="of the task's pay, before the worker's own deductions")
    payout_status = Choice(choices=PayoutStatus.values, help_text="of the task, now")
    paid_out_at = Instant(allow_null=True)


TransactionRow = describe_rows(
    "TransactionRow",
    Transaction,
    TRANSACTION_COLUMNS,
    task_count=Whole(allow_null=True, help_text="payouts: the number of your tasks whose pay it carries"),
    tasks=PayoutTask(many=True, help_text=f"payouts: the first {MOST_NAMED_TASKS} of these tasks"),
)


class TransactionQuery(StrictSerializer):
    """Filters of the list of transactions."""

    type = Choice(choices=TransactionType.values, required=False)
    status = Choice(choices=TransactionStatus.values, required=False)
    task_id = Id(required=False)
    stream_id = Id(required=False)
    quest_id = Id(required=False)
    worker_id = Id(required=False)
    reference = ReferenceText(required=False)
    created_from = Instant(required=False)
    created_to = Instant(required=False)
