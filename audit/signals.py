"""Facts that the audit app announces, in the transaction in which they became true."""

from django.dispatch import Signal

# results: list[books.Result], now: datetime; before they are kept
books_checked = Signal()
