"""Signals of the payments app, sent in the transaction in which their facts became true."""

from django.dispatch import Signal

# releases: list[PlatformReleases], now: datetime; once per batch
streams_released = Signal()
# Each: streams: list[Stream], now: datetime
streams_opened = Signal()
streams_paused = Signal()
streams_resumed = Signal()
streams_topped_up = Signal()
streams_completed = Signal()
streams_cancelled = Signal()
# Each: transactions: list[Transaction], now: datetime
transactions_created = Signal()
transactions_submitted = Signal()
transactions_confirmed = Signal()
transactions_failed = Signal()
transactions_cancelled = Signal()
# Each: operations: list[ChainOperation], now: datetime; each was read back from the chain, or was given up
chain_operations_confirmed = Signal()
chain_operations_failed = Signal()
# balances: list[LowBalance], now: datetime; once when a platform's available money falls below the threshold
balances_fell_low = Signal()
# Each: periods: list[PeriodSums], now: datetime; once for each batch of a platform
royalties_accrued = Signal()
royalties_unfunded = Signal()
royalties_paid = Signal()
# Each: distributions: list[Distribution], now: datetime
distributions_created = Signal()
distributions_approved = Signal()
distributions_paid = Signal()
