"""Limits of the advances that the system approves, changed by two members of staff while it runs."""

from decimal import Decimal

from django.conf import settings

from audit.limits.services import USDC, Limit, register

OPEN_ADVANCES_OF_A_PLATFORM = register(
    Limit(
        "open_advances_of_a_platform",
        "Largest debt of the workers of a platform before staff decide on further advances",
        USDC,
        lambda: settings.OPEN_ADVANCES_OF_A_PLATFORM,
        Decimal(0),
    )
)
NEW_ADVANCES_A_DAY = register(
    Limit(
        "new_advances_a_day",
        "Largest sum lent in a UTC day before staff decide on further advances",
        USDC,
        lambda: settings.NEW_ADVANCES_A_DAY,
        Decimal(0),
    )
)
OPEN_ADVANCES = register(
    Limit(
        "open_advances",
        "Largest debt of all workers before staff decide on further advances",
        USDC,
        lambda: settings.OPEN_ADVANCES,
        Decimal(0),
    )
)
