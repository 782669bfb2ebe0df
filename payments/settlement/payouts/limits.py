"""Limits of the payments app that staff may set while the system runs."""

from django.conf import settings

from audit.limits.services import USDC, Limit, register
from gigstream.core.money import MICRO

PAYOUT_MINIMUM = register(
    Limit(
        "payout_minimum",
        "A balance from which on it is paid out at once",
        USDC,
        lambda: settings.PAYOUT_MINIMUM,
        MICRO,
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
