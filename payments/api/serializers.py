"""What platforms may send about money, and how it is shown."""

from rest_framework import serializers

from gigstream.lib.api.describing import Rate, described
from gigstream.lib.api.fields import Amount, Choice, Day, Id, Instant, StrictSerializer, Text, Whole
from payments.enums import AccountName, EntryKind, StreamStatus, TransactionStatus, TransactionType
from payments.models import Stream, Transaction
from payments.reports import PlatformPerformance
from payments.selectors import MOST_NAMED_TASKS
from platforms.enums import PayoutStatus

STREAM_COLUMNS = (
    "id",
    "created_at",
    "updated_at",
    "task_id",
    "worker_id",
    "status",
    "total_amount",
    "released_amount",
    "remaining_amount",
    "sequence",
    "start_at",
    "end_at",
    "duration_seconds",
    "release_interval",
    "next_release_at",
    "paused_at",
    "completed_at",
    "cancelled_at",
    "contract_address",
    "contract_stream_id",
    "metadata",
)
TRANSACTION_COLUMNS = (
    "id",
    "created_at",
    "updated_at",
    "type",
    "status",
    "amount",
    "fee",
    "task_id",
    "stream_id",
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
# What both parties to a payment may know of it.
EXPLAINED_COLUMNS = (
    "id",
    "created_at",
    "type",
    "status",
    "amount",
    "task_id",
    "stream_id",
    "to_wallet",
    "tx_hash",
    "block_number",
    "submitted_at",
    "confirmed_at",
    "ended_at",
)
PERFORMANCE_COLUMNS = (
    "total_tasks",
    "open_tasks",
    "completed_tasks",
    "cancelled_tasks",
    "paid_amount",
    "bonus_amount",
    "fee_amount",
    "unique_workers",
    "unique_workers_7_days",
    "unique_workers_30_days",
    "average_completion_seconds",
)

StreamRow = described("StreamRow", Stream, STREAM_COLUMNS)
WholeStream = described(
    "WholeStream",
    Stream,
    STREAM_COLUMNS,
    vested_amount=Amount(allow_zero=True, help_text="earned to the second, released or not"),
)


class PayoutTask(serializers.Serializer):
    """One of the caller's tasks whose pay a payout carries."""

    task_id = Id()
    external_task_id = Text(allow_null=True)
    amount = Amount(help_text="of the task's pay, before the worker's own deductions")
    payout_status = Choice(choices=PayoutStatus.values, help_text="of the task, now")
    paid_out_at = Instant(allow_null=True)


TransactionRow = described(
    "TransactionRow",
    Transaction,
    TRANSACTION_COLUMNS,
    task_count=Whole(allow_null=True, help_text="payouts: how many of your tasks' pay it carries"),
    tasks=PayoutTask(many=True, help_text=f"payouts: the first {MOST_NAMED_TASKS} of these tasks"),
)
ExplainedPayment = described("ExplainedPayment", Transaction, EXPLAINED_COLUMNS)
Performance = described("Performance", PlatformPerformance, PERFORMANCE_COLUMNS)


class CancelStreamForm(StrictSerializer):
    reason = Text(max_length=500, required=False, allow_blank=True)


class TopUpForm(StrictSerializer):
    amount = Amount(help_text="more pay; the fee on it is held as well")


class DepositForm(StrictSerializer):
    """What arrives in the sandbox."""

    amount = Amount()


class StreamQuery(StrictSerializer):
    """How a list of streams is narrowed."""

    status = Choice(choices=StreamStatus.values, required=False)
    worker_id = Id(required=False)
    task_id = Id(required=False)
    created_from = Instant(required=False)
    created_to = Instant(required=False)


class TransactionQuery(StrictSerializer):
    """How a list of transactions is narrowed."""

    type = Choice(choices=TransactionType.values, required=False)
    status = Choice(choices=TransactionStatus.values, required=False)
    task_id = Id(required=False)
    stream_id = Id(required=False)
    worker_id = Id(required=False)
    created_from = Instant(required=False)
    created_to = Instant(required=False)


class DailyQuery(StrictSerializer):
    """Which days: by default the last thirty, today included."""

    day_from = Day(required=False, help_text="the first day, in UTC")
    day_to = Day(required=False, help_text="the last day, in UTC; at most 92 days in all")


class Balance(serializers.Serializer):
    """What the platform has here, and what it has promised."""

    available = Amount(allow_zero=True, help_text="funded and not reserved")
    escrow = Amount(allow_zero=True, help_text="reserved for open tasks and streams, fees included")
    open_tasks = Whole(help_text="assigned, in progress or disputed")
    open_streams = Whole(help_text="active or paused")
    unreleased = Amount(allow_zero=True, help_text="of the escrow: what open streams have yet to release")
    streaming_per_hour = Amount(allow_zero=True, help_text="what active streams release in an hour now")
    posted_per_day = Amount(
        allow_zero=True, help_text="pay and fees of the tasks posted in the last 7 days, on average"
    )
    runway_days = Rate(
        allow_null=True,
        help_text="how long `available` lasts at `posted_per_day`; null when nothing was posted",
    )


class DailyRow(serializers.Serializer):
    """The platform's transactions of one UTC day, of one type and one status."""

    day = Day()
    type = Choice(choices=TransactionType.values)
    status = Choice(choices=TransactionStatus.values)
    transactions = Whole(help_text="how many")
    total_amount = Amount(allow_zero=True)


class Daily(serializers.Serializer):
    """Days, the newest first."""

    items = DailyRow(many=True)


class ExplainedEntry(serializers.Serializer):
    """One ledger entry of the caller's."""

    id = Whole()
    created_at = Instant()
    kind = Choice(choices=EntryKind.values)
    amount = Amount()
    debit = Choice(choices=AccountName.values, help_text="the account that it left")
    credit = Choice(choices=AccountName.values, help_text="the account that it reached")


class ExplainedDeduction(serializers.Serializer):
    """What was taken out of an earning before the worker had it."""

    earning = Text(help_text="the fact that was paid for")
    amount = Amount()


class ExplainedMoment(serializers.Serializer):
    """One thing that happened to the payment."""

    at = Instant()
    kind = serializers.ChoiceField(choices=["call", "report", "act"])
    text = Text()


class Explanation(serializers.Serializer):
    """Everything behind one payment."""

    payment = ExplainedPayment()
    sentence = Text(help_text="the whole of it for people")
    formula = Text(help_text="how the amount follows from the inputs")
    inputs = serializers.DictField(help_text="the values in the formula, by name")
    deductions = ExplainedDeduction(many=True)
    entries = ExplainedEntry(many=True, help_text="in the ledger, as far as they touch your accounts")
    timeline = ExplainedMoment(many=True, help_text="calls to the provider, its reports, and acts, in order")
