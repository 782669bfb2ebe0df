"""Limits of the oracle that staff may set while the system runs."""

from decimal import Decimal

from django.conf import settings

from audit.limits.services import USDC, Limit, register

ORACLE_GAS_OF_A_MONTH = register(
    Limit(
        "oracle_gas_of_a_month",
        "Gas for records on the chain in a UTC month, after which nothing more is written to it",
        USDC,
        lambda: settings.ORACLE_GAS_OF_A_MONTH,
        Decimal(0),
    )
)
