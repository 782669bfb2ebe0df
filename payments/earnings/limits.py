from decimal import Decimal

from django.conf import settings

from audit.limits.services import USDC, Limit, register

REWARD_ALONE_UP_TO = register(
    Limit(
        "reward_alone_up_to",
        "Rewards of a worker within a day without a second person",
        USDC,
        lambda: settings.REWARD_ALONE_UP_TO,
        Decimal(0),
    )
)
