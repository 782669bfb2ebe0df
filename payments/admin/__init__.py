"""The staff's doors to money: streams, transfers, accounts, the ledger, and settlement with the provider."""

# Each adds to the site.
from payments.admin import (  # noqa: F401
    drawings,
    holds,
    money,
    settlement,
    statements,
    task_payouts,
    withdrawal_addresses,
)
