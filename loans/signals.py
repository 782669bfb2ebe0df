"""Signals of the loans app. Each: loans: list[Loan], now: datetime."""

from django.dispatch import Signal

loans_requested = Signal()
loans_approved = Signal()
loans_cancelled = Signal()
loans_disbursed = Signal()
loans_activated = Signal()
loans_repaid = Signal()
loans_defaulted = Signal()
loans_written_off = Signal()
