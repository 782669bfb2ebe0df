from rest_framework import serializers

from gigstream.api.fields import Amount, Whole
from gigstream.api.schema.describing import Rate


class Balance(serializers.Serializer):
    """A platform's money here, and its commitments."""

    available = Amount(allow_zero=True, help_text="funded and not reserved")
    escrow = Amount(allow_zero=True, help_text="reserved for open tasks, streams and quests, fees included")
    open_tasks = Whole(help_text="assigned, in progress or disputed")
    open_streams = Whole(help_text="active or paused")
    unreleased = Amount(
        allow_zero=True, help_text="of the escrow: the sum that open streams have yet to release"
    )
    quest_budgets = Amount(
        allow_zero=True,
        help_text="of the escrow: what the budgets of your quests have not granted, and the fee on it",
    )
    streaming_per_hour = Amount(allow_zero=True, help_text="sum that active streams release in an hour now")
    posted_per_day = Amount(
        allow_zero=True, help_text="pay and fees of the tasks posted in the last 7 days, on average"
    )
    runway_days = Rate(
        allow_null=True,
        help_text="how long `available` lasts at `posted_per_day`; null when nothing was posted",
    )
