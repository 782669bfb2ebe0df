from datetime import datetime
from typing import Any

from django.dispatch import receiver

from payments.oracle.services.erasing import erase_addresses
from workers.models import Worker
from workers.signals import worker_deleted


@receiver(worker_deleted)
def erase_chain_addresses(worker: Worker, now: datetime, **kwargs: Any) -> None:
    """Erase the addresses to which a worker's numbers were written."""
    erase_addresses(worker=worker, now=now)
