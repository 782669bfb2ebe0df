"""Jobs that look up transactions on the chain, and count referrals."""

from gigstream.jobs.registry import job
from reputation.proofs import services


@job
def look_up_transactions() -> int:
    return services.look_up_transactions()


@job
def count_referrals() -> int:
    return services.count_referrals()
