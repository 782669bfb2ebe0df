from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.dispatch import receiver

from gigstream.jobs.registry import nudge_job
from platforms.models import Platform
from platforms.signals import platforms_registered
from workers.models import Worker
from workers.signals import workers_registered


@receiver(workers_registered)
@receiver(platforms_registered)
def order_custody_wallets(
    workers: Sequence[Worker] = (), platforms: Sequence[Platform] = (), **kwargs: Any
) -> None:
    """Nudge the making of wallets for new workers and platforms without an address."""
    owners: list[Worker | Platform] = [*workers, *platforms]
    if settings.CUSTODY_WALLETS and any(owner.wallet_address is None for owner in owners):
        nudge_job("create_wallets")
