"""Streaks follow sign-ins, time zones, and the end of a worker's account."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from reputation.streaks import services
from workers.models import Worker
from workers.signals import signed_in, time_zone_changed, worker_deleted


@receiver(signed_in)
def check_in(worker: Worker, now: datetime, **kwargs: Any) -> None:
    services.check_in(worker=worker, now=now)


@receiver(time_zone_changed)
def follow_time_zone(worker: Worker, now: datetime, **kwargs: Any) -> None:
    services.follow_time_zone(worker=worker, now=now)


@receiver(worker_deleted)
def forget_check_ins(worker: Worker, **kwargs: Any) -> None:
    services.forget_check_ins(worker=worker)
