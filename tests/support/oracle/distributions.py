"""Distributions that were paid, and what their proofs lead to."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from payments import services as payments
from payments.models import Distribution
from platforms.models import Platform
from platforms.usage.calculations.merkle import Step, hash_leaf, root_from_proof
from platforms.usage.calculations.receipts import canonical_json
from tests.support.creators.catalogue import creator, work
from tests.support.creators.royalties import after_midnight, count_use, paying_platform, play
from tests.support.creators.usage import have_months
from tests.support.factories import NOW

PLAYS = {"A": 3, "B": 2, "C": 1}


def approved_distribution(
    platform: Platform | None = None,
    *,
    plays: Mapping[str, int] = PLAYS,
    amount: str = "10",
    now: datetime = NOW,
) -> Distribution:
    """Return a distribution by the plays of the day of `now`, which waits to be paid."""
    platform = platform or paying_platform(now=now)
    have_months(now)
    for name, times in plays.items():
        play(work(creator(platform, name=name, now=now), now=now), times=times, at=now, now=now)
    day, later = now.date(), after_midnight(now.date(), minutes=360)
    count_use(later)
    found = payments.draft_distribution(
        platform_id=platform.pk, first=day, last=day, mode="pro_rata", amount=amount, now=later
    )
    return payments.approve_distribution(distribution_id=found.pk, now=later)


def paid_distribution(platform: Platform | None = None, *, now: datetime = NOW, **given: Any) -> Distribution:
    """Return a distribution by the plays of the day of `now`, all of whose shares are paid."""
    found = approved_distribution(platform, now=now, **given)
    payments.pay_distributions(now=after_midnight(now.date(), minutes=360))
    found.refresh_from_db()
    return found


def root_of_proof(proof: Mapping[str, Any]) -> str:
    """Return the root that a proof leads to, by the answer of the API alone."""
    leaf = hash_leaf(canonical_json(dict(proof["share"])))
    steps = [Step(bytes.fromhex(step["hash"]), on_left=step["on_left"]) for step in proof["steps"]]
    return "0x" + root_from_proof(leaf, steps).hex()
