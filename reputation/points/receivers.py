"""Points end with the account of their worker."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from reputation.points import services
from workers.models import Worker
from workers.signals import worker_deleted


@receiver(worker_deleted)
def close_points(worker: Worker, now: datetime, **kwargs: Any) -> None:
    services.close_points(worker=worker, now=now)
