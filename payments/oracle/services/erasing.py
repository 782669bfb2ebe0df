"""Erasure of the addresses of creators who leave. The numbers that were written stay on the chain."""

from datetime import datetime

from payments.models import CreatorSync, OperationCreator
from workers.models import Worker


def erase_addresses(*, worker: Worker, now: datetime) -> None:
    """Erase the addresses of a worker who leaves, whose row is locked, from all operations."""
    OperationCreator.unguarded.filter(creator__worker=worker).exclude(address="").update(address="")
    CreatorSync.unguarded.filter(creator__worker=worker).update(address_hash=None, updated_at=now)
