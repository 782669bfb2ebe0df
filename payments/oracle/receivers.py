from datetime import datetime
from typing import Any

from django.dispatch import receiver

from gigstream.jobs.registry import nudge_job
from payments.oracle.registry import registry
from payments.oracle.selectors.numbers import UsageNumbers
from payments.oracle.services.erasing import erase_addresses
from payments.oracle.services.gas import cost_of_fillers
from payments.signals import distributions_paid
from workers.models import Worker
from workers.signals import worker_deleted

registry.register_source(UsageNumbers())
registry.register_spender("empty transactions", cost_of_fillers)


@receiver(worker_deleted)
def erase_chain_addresses(worker: Worker, now: datetime, **kwargs: Any) -> None:
    """Erase the addresses to which a worker's numbers were written."""
    erase_addresses(worker=worker, now=now)


@receiver(distributions_paid)
def record_paid_distributions(**kwargs: Any) -> None:
    """Have the distributions recorded on the chain soon, outside of the transaction that pays."""
    nudge_job("record_distributions")
