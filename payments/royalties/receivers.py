"""Use that has changed is accrued anew, and platforms hear of royalties and distributions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from gigstream.jobs.registry import nudge_job
from payments.models import Distribution
from payments.royalties import payloads
from payments.royalties.selectors import find_final_days, measure_worth
from payments.royalties.services.accruing import queue_days
from payments.royalties.services.books import PeriodSums
from payments.royalties.services.terms import lock_final_days
from payments.royalties.vocabulary import (
    DISTRIBUTION_APPROVED,
    DISTRIBUTION_CREATED,
    DISTRIBUTION_PAID,
    ROYALTY_ACCRUED,
    ROYALTY_PAID,
    ROYALTY_UNFUNDED,
)
from payments.signals import (
    distributions_approved,
    distributions_created,
    distributions_paid,
    royalties_accrued,
    royalties_paid,
    royalties_unfunded,
)
from platforms.events.payloads import money
from platforms.events.services.events import NewEvent, publish_events
from platforms.models import UsageFinding
from platforms.signals import usage_counted, usage_findings_changed
from platforms.usage import finality, worth
from platforms.usage.calculations.changes import UsageChange

finality.register(find_final_days)
finality.register_lock(lock_final_days)
worth.register(measure_worth)


@receiver(usage_counted)
def queue_counted_days(changes: Sequence[UsageChange], now: datetime, **kwargs: Any) -> None:
    """Queue the days of creators whose plays have changed after they were accrued, and those with purchases
    and tips, which are paid at once."""
    queue_days(
        (one.creator, one.day, bool(one.sales or one.tips))
        for one in changes
        if one.plays or one.sales or one.tips
    )
    if any(one.sales or one.tips for one in changes):
        nudge_job("accrue_royalties")


@receiver(usage_findings_changed)
def queue_found_days(findings: Sequence[UsageFinding], now: datetime, **kwargs: Any) -> None:
    """Queue the days whose held plays have changed."""
    queue_days((finding.creator.number, finding.day, False) for finding in findings)


def _publish_sums(periods: Sequence[PeriodSums], type_: str, now: datetime) -> None:
    publish_events(
        NewEvent.of(
            one.period.platform_id,
            type_,
            {
                "period_id": one.period.pk,
                "first": one.period.first,
                "last": one.period.last,
                "creators": len(one.creators),
                "amount": money(one.amount),
            },
            now,
        )
        for one in periods
    )


@receiver(royalties_accrued)
def publish_royalties_accrued(periods: Sequence[PeriodSums], now: datetime, **kwargs: Any) -> None:
    _publish_sums(periods, ROYALTY_ACCRUED, now)


@receiver(royalties_unfunded)
def publish_royalties_unfunded(periods: Sequence[PeriodSums], now: datetime, **kwargs: Any) -> None:
    _publish_sums(periods, ROYALTY_UNFUNDED, now)


@receiver(royalties_paid)
def publish_royalties_paid(periods: Sequence[PeriodSums], now: datetime, **kwargs: Any) -> None:
    _publish_sums(periods, ROYALTY_PAID, now)


def _publish_distributions(distributions: Sequence[Distribution], type_: str, now: datetime) -> None:
    publish_events(
        NewEvent.of(one.platform_id, type_, payloads.of_distribution(one), now) for one in distributions
    )


@receiver(distributions_created)
def publish_distributions_created(
    distributions: Sequence[Distribution], now: datetime, **kwargs: Any
) -> None:
    _publish_distributions(distributions, DISTRIBUTION_CREATED, now)


@receiver(distributions_approved)
def publish_distributions_approved(
    distributions: Sequence[Distribution], now: datetime, **kwargs: Any
) -> None:
    _publish_distributions(distributions, DISTRIBUTION_APPROVED, now)


@receiver(distributions_paid)
def publish_distributions_paid(distributions: Sequence[Distribution], now: datetime, **kwargs: Any) -> None:
    _publish_distributions(distributions, DISTRIBUTION_PAID, now)
