"""Signals of the audit app, sent in the transaction in which they became true."""

from django.dispatch import Signal

# results: list[books.Result], now: datetime; before they are kept
books_checked = Signal()
