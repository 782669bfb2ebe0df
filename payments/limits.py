"""Limits of the payments app that staff may set while the system runs."""

from decimal import Decimal

from django.conf import settings

from audit.limits import USDC, WHOLE_SECONDS, Limit, register
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
PAYOUT_MAX_AGE_SECONDS = register(
    Limit(
        "payout_max_age_seconds",
        "How long the oldest cent of a balance waits for its payout",
        WHOLE_SECONDS,
        lambda: settings.PAYOUT_MAX_AGE_SECONDS,
        Decimal(1),
    )
)
