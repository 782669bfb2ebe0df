from rest_framework import serializers

from gigstream.api.fields import Amount, Choice, Day, StrictSerializer, Whole
from gigstream.api.schema.describing import describe_rows
from payments.figures.reports import PlatformPerformance
from payments.settlement.transactions.enums import TransactionStatus, TransactionType

PERFORMANCE_COLUMNS = (
    "total_tasks",
    "open_tasks",
    "completed_tasks",
    "cancelled_tasks",
    "paid_amount",
    "bonus_amount",
    "quest_amount",
    "fee_amount",
    "unique_workers",
    "unique_workers_7_days",
    "unique_workers_30_days",
    "average_completion_seconds",
)


Performance = describe_rows("Performance", PlatformPerformance, PERFORMANCE_COLUMNS)


class DailyQuery(StrictSerializer):
    """Range of days: by default the last thirty, today included."""

    day_from = Day(required=False, help_text="the first day, in UTC")
    day_to = Day(required=False, help_text="the last day, in UTC; at most 92 days in all")


class DailyRow(serializers.Serializer):
    """The platform's transactions of a UTC day, type and status."""

    day = Day()
    type = Choice(choices=TransactionType.values)
    status = Choice(choices=TransactionStatus.values)
    transactions = Whole(help_text="how many")
    total_amount = Amount(allow_zero=True)


class Daily(serializers.Serializer):
    """Days, the newest first."""

    items = DailyRow(many=True)
