"""Erasure of the transactions of workers who leave."""

from typing import Any

from django.dispatch import receiver

from reputation.proofs import services
from workers.models import Worker
from workers.signals import worker_deleted


@receiver(worker_deleted)
def forget_transactions(worker: Worker, **kwargs: Any) -> None:
    services.forget_transactions(worker_id=worker.pk)
