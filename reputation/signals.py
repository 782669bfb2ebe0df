"""Facts that the reputation app announces."""

from django.dispatch import Signal

# events: list[ReputationEvent], now: datetime
reputation_changed = Signal()
