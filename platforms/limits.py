"""Limits of the platforms app that staff may set while the system runs."""

from decimal import Decimal

from django.conf import settings

from audit.limits import USDC, Limit, register

REFUND_ALONE_UP_TO = register(
    Limit(
        "refund_alone_up_to",
        "What one member of staff may give back to a platform alone",
        USDC,
        lambda: settings.REFUND_ALONE_UP_TO,
        Decimal(0),
    )
)
