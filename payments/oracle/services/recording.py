"""Records of the distributions that were paid. They move no money, and pay neither waits for them nor fails
by them: a job finds those without a record."""

import secrets
from datetime import datetime
from uuid import UUID

from gigstream.core.clock import database_now
from gigstream.core.postgres.transactions import wait_for_lock
from gigstream.core.unit import in_unit
from payments.models import Distribution
from payments.oracle.selectors.shares import record_of, shares_root, unrecorded_distributions
from payments.oracle.services.providers import Oracle, configured_oracle
from payments.oracle.services.requests import record_distribution

SECRET_BYTES = 32
RECORDING_LOCK = "oracle recording"


def record_distributions(*, now: datetime | None = None, oracle: Oracle | None = None) -> int:
    """Request a record of each paid distribution that has none: its number, its total, and the root of its
    shares; return how many were requested. Without a contract there are none."""
    oracle, at = oracle or configured_oracle(), now or database_now()
    if not oracle.contract:
        return 0
    found = list(unrecorded_distributions().values_list("pk", flat=True))
    return sum(_record(distribution_id, oracle, at) for distribution_id in found)


@in_unit
def _record(distribution_id: UUID, oracle: Oracle, now: datetime) -> bool:
    """Request the record of a distribution; return whether nobody else has done so meanwhile."""
    wait_for_lock(RECORDING_LOCK)
    found = Distribution.objects.get(pk=distribution_id)
    if record_of(found) is not None:
        return False
    secret = secrets.token_hex(SECRET_BYTES)
    record_distribution(
        platform_id=found.platform_id,
        number=found.number,
        total=found.amount,
        root=shares_root(found.pk, secret),
        secret=secret,
        now=now,
        oracle=oracle,
    )
    return True
