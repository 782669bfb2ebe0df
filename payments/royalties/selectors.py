"""Weights by which sums are shared, why use is not final yet, and which days are final for good."""

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db.models import F, Func, QuerySet

from gigstream.core import sql
from gigstream.core.money import MoneyField
from payments.models import DayToAccrue, Distribution, RoyaltyTerms
from payments.royalties.enums import DistributionStatus, ShareMode
from payments.royalties.errors import ListenersNotKnown
from platforms.models import CreatorProfile, UsageFinding
from platforms.usage.calculations.periods import day_of, last_settled
from platforms.usage.enums import FindingStatus
from platforms.usage.finality import CreatorDate
from platforms.usage.selectors import find_final_listeners

_STATEMENTS = {ShareMode.PRO_RATA: "weigh_plays", ShareMode.USER_CENTRIC: "weigh_listeners"}


class Weighed(NamedTuple):
    """A creator's use on some days: plays that count, plays left out, and the weight that follows."""

    creator: int
    plays: int
    plays_refused: int
    weight: int


def weigh_creators(platform_id: UUID, mode: ShareMode, *, first: date, last: date) -> list[Weighed]:
    """Return the platform's creators with use on these days, in the order of their numbers. Raises
    ListenersNotKnown if the weights follow from listeners and those of any of the days are final."""
    rows = sql.run(f"payments/royalties/{_STATEMENTS[mode]}", platform=platform_id, first=first, last=last)
    if mode == ShareMode.USER_CENTRIC:
        # Last, as listeners are final before the first of their rows is deleted.
        _require_listeners(platform_id, first=first, last=last)
    return [
        Weighed(row["creator_number"], int(row["plays"]), int(row["plays_refused"]), int(row["weight"]))
        for row in rows
    ]


def _require_listeners(platform_id: UUID, *, first: date, last: date) -> None:
    final = find_final_listeners(platform_id, first=first, last=last)
    if final:
        raise ListenersNotKnown(
            f"who listened on {final[-1]} is no longer known, nor on {len(final)} days in all: share by all"
            " plays (pro_rata), or later days",
            day=final[-1],
            days=len(final),
        )


def find_stale(platform_id: UUID, *, first: date, last: date, now: datetime) -> list[str]:
    """Return in words why the use of these days is not final yet; nothing if it is."""
    today, reasons = day_of(now), []
    if last >= today:
        reasons.append(f"{last} is not over")
    terms = RoyaltyTerms.objects.filter(platform=platform_id).first()
    waiting = DayToAccrue.objects.filter(platform=platform_id, day__range=(first, last))
    if last < today and (terms is None or terms.accrued_through < last or waiting.exists()):
        reasons.append("days are still to be counted")
    elif last_settled(now) < last < today:
        reasons.append(f"rules of artificial use are still to look at {last}")
    held = UsageFinding.objects.filter(
        creator__platform=platform_id, day__range=(first, last), status=FindingStatus.HELD
    ).count()
    if held:
        reasons.append(f"{held} findings of artificial use are not decided")
    return reasons


def findings_with_worth() -> QuerySet[UsageFinding]:
    """Return the findings of artificial use, each with the `amount` of pay for its plays."""
    worth = Func(F("id"), function="finding_worth", output_field=MoneyField())
    return UsageFinding.objects.annotate(amount=worth)


def find_final_days(days: Collection[CreatorDate]) -> list[CreatorDate]:
    """Return those of the days whose use has been distributed: no correction follows them any more. Pay by
    rates goes on following corrections."""
    if not days:
        return []
    platforms = dict(
        CreatorProfile.objects.filter(number__in={creator for creator, _ in days}).values_list(
            "number", "platform"
        )
    )
    shared = Distribution.objects.filter(
        platform__in=set(platforms.values()),
        status__in=[DistributionStatus.APPROVED, DistributionStatus.PAID],
    )
    spans = list(shared.values_list("platform", "first", "last"))
    return [
        (creator, day)
        for creator, day in days
        if any(of == platforms.get(creator) and first <= day <= last for of, first, last in spans)
    ]


def measure_worth(days: Collection[CreatorDate]) -> dict[CreatorDate, Decimal]:
    """Return the worth of the use of these days, as it is counted now."""
    given = sorted(days)
    rows = sql.run(
        "payments/royalties/measure_worth",
        creators=sql.array_literal([creator for creator, _ in given]),
        days=sql.array_literal([day.isoformat() for _, day in given]),
    )
    return {(row["creator_number"], row["day"]): row["amount"] for row in rows}
