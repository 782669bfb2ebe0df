"""Terms of a platform's royalties, and the periods that are opened by them."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Min

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.money import exact_amount
from payments.models import DayToAccrue, Distribution, RoyaltyPeriod, RoyaltyTerms
from payments.royalties.calculations.periods import free_span
from payments.royalties.enums import Cadence, DistributionStatus, PeriodStatus
from platforms.models import Platform, PlatformDay
from platforms.platforms.services.platforms import require_active
from platforms.usage.calculations.periods import day_of


@verb("royalty.set_terms", "platform")
def set_royalty_terms(
    *,
    platform_id: UUID,
    cadence: str,
    minimum: Decimal | str,
    grace_days: int,
    now: datetime | None = None,
) -> RoyaltyTerms:
    """Set how often the platform's periods end, below which sum pay is carried on, and how many days after
    its end a period becomes final. Periods that were opened keep their length and their grace.

    Raises InvalidAmount, PlatformSuspended or PlatformDeleted.
    """
    now = now or database_now()
    least = exact_amount(minimum, allow_zero=True)
    platform = Platform.objects.get(pk=platform_id)
    require_active(platform=platform)
    terms = lock_terms(platform, now)
    before = {"cadence": terms.cadence, "minimum": terms.minimum, "grace_days": terms.grace_days}
    terms.cadence, terms.minimum, terms.grace_days = cadence, least, grace_days
    terms.save(update_fields=["cadence", "minimum", "grace_days", "updated_at"])
    after = {"cadence": cadence, "minimum": least, "grace_days": grace_days}
    audit.record("royalty.set_terms", terms, before=before, after=after, now=now)
    return terms


def lock_terms(platform: Platform, now: datetime) -> RoyaltyTerms:
    """Lock the platform's terms, made where there are none; return them. Until the transaction ends nobody
    else changes the royalties of its creators."""
    found = RoyaltyTerms.objects.locked().filter(platform=platform).first()
    if found is None:
        RoyaltyTerms.objects.bulk_create(
            [RoyaltyTerms(platform=platform, accrued_through=_day_before_use(platform, now), created_at=now)],
            ignore_conflicts=True,
        )
        found = RoyaltyTerms.objects.locked().get(platform=platform)
    return found


def _day_before_use(platform: Platform, now: datetime) -> date:
    """Return the day before the platform's first use, and yesterday if there is none."""
    first = PlatformDay.objects.filter(platform=platform).aggregate(first=Min("day"))["first"]
    return min(first or day_of(now), day_of(now)) - timedelta(days=1)


def open_periods(terms: RoyaltyTerms, days: Collection[date], now: datetime) -> None:
    """Open the periods that these days are in, where they are not there yet."""
    known = list(RoyaltyPeriod.objects.filter(platform=terms.platform_id).values_list("first", "last"))
    for day in sorted(days):
        if any(first <= day <= last for first, last in known):
            continue
        first, last = free_span(day, Cadence(terms.cadence), known)
        RoyaltyPeriod(
            platform_id=terms.platform_id,
            first=first,
            last=last,
            fee_bps=terms.platform.fee_bps,
            grace_days=terms.grace_days,
            created_at=now,
        ).save(force_insert=True)
        known.append((first, last))


def lock_final_days(platform_id: UUID, first: date, last: date, now: datetime) -> bool:
    """Whether the royalties of these days are final: accrued, in periods whose grace is over, and in no draft
    of a distribution. The platform's terms stay locked, so that this holds until the transaction ends. A
    platform without terms has no royalties."""
    terms = RoyaltyTerms.objects.locked().filter(platform=platform_id).first()
    if terms is None:
        return True
    if day_of(now) <= last + timedelta(days=terms.grace_days) or terms.accrued_through < last:
        return False
    waiting = DayToAccrue.objects.filter(platform=platform_id, day__range=(first, last))
    touching = {"platform": platform_id, "first__lte": last, "last__gte": first}
    periods = RoyaltyPeriod.objects.filter(**touching).exclude(status=PeriodStatus.FINAL)
    drafts = Distribution.objects.filter(**touching, status=DistributionStatus.DRAFT)
    return not (waiting.exists() or periods.exists() or drafts.exists())
