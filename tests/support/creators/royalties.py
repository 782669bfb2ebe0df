"""Given: use that is paid for, and what creators have of it."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from payments import services as payments
from payments.models import Distribution, PeriodPay, RoyaltyTerms
from payments.royalties.services.terms import lock_terms
from platforms import services as platforms
from platforms.models import CreatorProfile, Platform, Work
from tests.support.creators.catalogue import creator, work
from tests.support.creators.usage import accepted, event
from tests.support.factories import NOW as AT
from tests.support.factories import PlatformFactory

PARTS = ("accrued", "held", "unfunded", "carried", "paid", "recovered", "taken_back")


def paying_platform(funds: str = "1000", **given: Any) -> Platform:
    """Return a platform with money, whose fee is 2 %."""
    return PlatformFactory.create(funds=funds, fee_bps=200, **given)


def song_of(platform: Platform, *, rate: str = "0.01", now: datetime = AT, **given: Any) -> Work:
    """Return a work of a creator of its own."""
    return work(creator(platform, now=now), now=now, rate=rate, **given)


def play(song: Work, listener: str = "ann", *, times: int = 1, at: datetime = AT, now: datetime = AT) -> Any:
    """Have a listener play the song so many times; return the events."""
    plays = [event(song, listener=listener, at=at) for _ in range(times)]
    return accepted(song.platform, *plays, now=now)


def after_midnight(day: date, *, minutes: int = 10) -> datetime:
    """Return the time so many minutes after the day."""
    return datetime.combine(day, time(), UTC) + timedelta(days=1, minutes=minutes)


def set_terms(platform: Platform, *, now: datetime = AT, **changed: Any) -> RoyaltyTerms:
    """Set terms of the platform, the others as they usually are."""
    given = {"cadence": "month", "minimum": "1", "grace_days": 7, **changed}
    return payments.set_royalty_terms(platform_id=platform.pk, now=now, **given)


def lock_platform(platform: Platform, *, now: datetime = AT) -> RoyaltyTerms:
    return lock_terms(platform, now)


def parts_of(of: CreatorProfile, source: str = "plays") -> dict[str, Decimal]:
    """Return the parts of the creator's pay that are not 0, over all periods."""
    sums: dict[str, Decimal] = {}
    for pay in PeriodPay.objects.filter(creator=of, source=source):
        for name in PARTS:
            sums[name] = sums.get(name, Decimal(0)) + getattr(pay, name)
    return {name: value for name, value in sums.items() if value}


def count_use(at: datetime) -> None:
    """Run the jobs that a distribution waits for: rules of artificial use, and the days' accrual."""
    platforms.find_artificial_use(now=at)
    payments.accrue_royalties(now=at)


def run_until_final(at: datetime) -> None:
    """Run the jobs of royalties twice: a period begins its grace, and then is final, if it is over."""
    payments.accrue_royalties(now=at)
    payments.end_royalty_periods(now=at)
    payments.end_royalty_periods(now=at)
    payments.pay_royalties(now=at)


def shares_of(found: Distribution) -> dict[str, Decimal]:
    """Return the amounts of a distribution by the creators' names."""
    rows = found.shares.values_list("creator__display_name", "amount")
    return dict(rows)
