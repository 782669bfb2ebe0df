"""The staff's doors to money: streams, transfers, accounts, the ledger, and settlement with the provider."""

from payments.admin import drawings, holds, money, settlement, statements  # noqa: F401 - each adds to the site
