"""Limits of what the system lends by itself, changed by two members of staff while it runs."""

from decimal import Decimal

from django.conf import settings

from audit.limits import USDC, Limit, register

OPEN_ADVANCES_OF_A_PLATFORM = register(
    Limit(
        "open_advances_of_a_platform",
        "What the workers of one platform owe at most before staff decide on further advances",
        USDC,
        lambda: settings.OPEN_ADVANCES_OF_A_PLATFORM,
        Decimal(0),
    )
)
NEW_ADVANCES_A_DAY = register(
    Limit(
        "new_advances_a_day",
        "What is lent in a UTC day at most before staff decide on further advances",
        USDC,
        lambda: settings.NEW_ADVANCES_A_DAY,
        Decimal(0),
    )
)
OPEN_ADVANCES = register(
    Limit(
        "open_advances",
        "What all workers owe at most before staff decide on further advances",
        USDC,
        lambda: settings.OPEN_ADVANCES,
        Decimal(0),
    )
)
