"""Limits of the payments app that staff may set while the system runs."""

from decimal import Decimal

from django.conf import settings

from audit.limits import USDC, Limit, register
from gigstream.lib.money import MICRO

PAYOUT_MINIMUM = register(
    Limit(
        "payout_minimum",
        "A balance from which on it is paid out at once",
        USDC,
        lambda: settings.PAYOUT_MINIMUM,
        MICRO,
    )
)
REWARD_ALONE_UP_TO = register(
    Limit(
        "reward_alone_up_to",
        "What a worker is given as rewards within a day without a second person",
        USDC,
        lambda: settings.REWARD_ALONE_UP_TO,
        Decimal(0),
    )
)
PAYOUT_SMALLEST = register(
    Limit(
        "payout_smallest",
        "The smallest amount that is paid out by itself, or cashed out more than once a day",
        USDC,
        lambda: settings.PAYOUT_SMALLEST,
        MICRO,
    )
)
