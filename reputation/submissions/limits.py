from decimal import Decimal

from django.conf import settings

from audit.limits.services import USDC, Limit, register

APPROVED_ALONE_UP_TO = register(
    Limit(
        "submission_approved_alone_up_to",
        "Reward of a submission that one reviewer approves; a larger one needs two",
        USDC,
        lambda: settings.SUBMISSION_ALONE_UP_TO,
        Decimal(0),
    )
)
