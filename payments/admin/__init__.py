"""The staff's doors to money: streams, transfers, accounts, the ledger, and settlement with the provider."""

# Each adds to the site.
from payments.admin import drawings, holds, money, settlement, statements, withdrawal_addresses  # noqa: F401
