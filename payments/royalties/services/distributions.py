"""Distributions: a sum is shared in a draft, approved by two people, and paid in batches."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import Max

from audit.approvals import services as approvals
from audit.log import services as audit
from audit.log.services import verb
from audit.models import Approval
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.money import ZERO, exact_amount, to_micro
from gigstream.core.postgres.transactions import limit_minutes, prefer_indexes
from gigstream.core.states import require_move
from gigstream.core.unit import in_unit
from gigstream.jobs.batches import repeat_batch
from gigstream.jobs.registry import nudge_job
from payments.earnings.calculations import fee_between, fee_on
from payments.earnings.payables import Charge
from payments.earnings.services.columns import PayColumns, book_columns
from payments.earnings.services.earnings import hold_in_escrow
from payments.earnings.vocabulary import FEE
from payments.ledger.subjects import DISTRIBUTION, Subject
from payments.models import Distribution, DistributionShare
from payments.royalties.calculations.shares import largest_remainder
from payments.royalties.enums import DISTRIBUTION_MOVES, DistributionStatus, ShareMode
from payments.royalties.errors import (
    DistributionNotDraft,
    DistributionNotFound,
    DistributionWithoutUse,
    InvalidDistribution,
    MetricsStale,
)
from payments.royalties.selectors import Weighed, find_stale, weigh_creators
from payments.royalties.services.terms import lock_terms
from payments.royalties.vocabulary import ROYALTY
from payments.signals import distributions_approved, distributions_created, distributions_paid
from platforms.models import Platform
from platforms.platforms.services.platforms import require_active
from platforms.usage.calculations.periods import day_of

MOST_DAYS: Final = 366
PAID_AT_ONCE: Final = 5_000
# A statement can be about the use of all creators of a platform in a year.
MINUTES: Final = 5


@verb("distribution.draft", "platform")
def draft_distribution(
    *,
    platform_id: UUID,
    first: date,
    last: date,
    mode: str,
    amount: Decimal | str,
    now: datetime | None = None,
) -> Distribution:
    """Share the sum among the platform's creators by the use of these days, in a draft. No money moves.

    Raises InvalidAmount, InvalidDistribution, DistributionWithoutUse, ListenersNotKnown, PlatformSuspended or
    PlatformDeleted.
    """
    now, value = now or database_now(), exact_amount(amount)
    platform = Platform.objects.get(pk=platform_id)
    require_active(platform=platform)
    _require_days(first, last, day_of(now))
    lock_terms(platform, now)
    newest = Distribution.objects.filter(platform=platform).aggregate(newest=Max("number"))["newest"]
    found = Distribution(
        platform=platform,
        number=(newest or 0) + 1,
        first=first,
        last=last,
        mode=mode,
        amount=value,
        fee_bps=platform.fee_bps,
        created_at=now,
    )
    weighed = _weigh(found)
    found.save(force_insert=True)
    _share(found, weighed)
    audit.record(
        "distribution.draft",
        found,
        after={"amount": value, "mode": mode, "first": first, "last": last, "creators": found.creators},
        now=now,
    )
    distributions_created.send(sender=Distribution, distributions=[found], now=now)
    return found


def _require_days(first: date, last: date, today: date) -> None:
    if not first <= last or (last - first).days >= MOST_DAYS or first > today:
        raise InvalidDistribution(
            f"give up to {MOST_DAYS} days in order that have begun by {today}, not {first} to {last}",
            first=first,
            last=last,
            today=today,
        )


def _weigh(found: Distribution) -> list[Weighed]:
    limit_minutes(MINUTES)
    weighed = weigh_creators(found.platform_id, ShareMode(found.mode), first=found.first, last=found.last)
    if not any(one.weight for one in weighed):
        raise DistributionWithoutUse(
            f"nothing was played from {found.first} to {found.last} that counts",
            first=found.first,
            last=found.last,
        )
    return weighed


def _share(found: Distribution, weighed: Sequence[Weighed]) -> None:
    """Write the shares of a draft, and their sums."""
    weights = [one.weight for one in weighed]
    parts = largest_remainder(to_micro(found.amount), weights)
    sql.run(
        "payments/royalties/write_shares",
        distribution=found.pk,
        creators=sql.array_literal([one.creator for one in weighed]),
        plays=sql.array_literal([one.plays for one in weighed]),
        refused=sql.array_literal([one.plays_refused for one in weighed]),
        weights=sql.array_literal([str(weight) for weight in weights]),
        micros=sql.array_literal(parts),
    )
    found.creators, found.plays = len(weighed), sum(one.plays for one in weighed)
    found.total_weight = Decimal(sum(weights))
    found.save(update_fields=["creators", "plays", "total_weight", "updated_at"])


@verb("distribution.recount", "distribution")
def recount_distribution(*, distribution_id: UUID, now: datetime | None = None) -> Distribution:
    """Share the sum of a draft anew, by the use as it is counted now. Raises DistributionNotDraft,
    DistributionWithoutUse or ListenersNotKnown."""
    found = _lock_draft(distribution_id)
    _share_anew(found)
    audit.record("distribution.recount", found, after={"creators": found.creators}, now=now)
    return found


def _share_anew(found: Distribution) -> None:
    DistributionShare.unguarded.filter(distribution=found).delete()
    _share(found, _weigh(found))


@verb("distribution.cancel", "distribution")
def cancel_distribution(*, distribution_id: UUID, now: datetime | None = None) -> Distribution:
    """Drop a draft. Raises DistributionNotDraft."""
    found = _lock_draft(distribution_id)
    _move(found, DistributionStatus.CANCELLED)
    found.save(update_fields=["status", "updated_at"])
    audit.record("distribution.cancel", found, now=now)
    return found


def _lock_draft(distribution_id: UUID) -> Distribution:
    found = Distribution.objects.locked().select_related("platform").filter(pk=distribution_id).first()
    if found is None:
        raise DistributionNotFound("there is no such distribution that you may see")
    if found.status != DistributionStatus.DRAFT:
        raise DistributionNotDraft(f"{found} is {found.status}", status=found.status)
    return found


def _move(found: Distribution, status: DistributionStatus) -> None:
    require_move(DISTRIBUTION_MOVES, subject=str(found), before=found.status, after=status)
    found.status = status


def request_distribution(*, distribution_id: UUID, reason: str, now: datetime | None = None) -> Approval:
    """Request a second person's approval of a draft. Raises DistributionNotDraft, MetricsStale,
    ListenersNotKnown, or the errors of `approvals.request`."""
    now = now or database_now()
    found = Distribution.objects.get(pk=distribution_id)
    if found.status != DistributionStatus.DRAFT:
        raise DistributionNotDraft(f"{found} is {found.status}", status=found.status)
    _require_fresh(found, now)
    return approvals.request(
        kind="distribution.approve",
        subject=("distribution", str(found.pk)),
        parameters={
            "creators": found.creators,
            "total_weight": str(found.total_weight),
            "first": found.first.isoformat(),
            "last": found.last.isoformat(),
            "mode": found.mode,
        },
        amount=found.amount,
        reason=reason,
        now=now,
    )


def _require_fresh(found: Distribution, now: datetime) -> None:
    reasons = find_stale(found.platform_id, first=found.first, last=found.last, now=now)
    if not reasons:
        weighed = _weigh(found)
        (row,) = sql.run(
            "payments/royalties/differing_shares",
            distribution=found.pk,
            creators=sql.array_literal([one.creator for one in weighed]),
            weights=sql.array_literal([str(one.weight) for one in weighed]),
        )
        if row["differing"]:
            reasons = ["use has changed since the draft: share it anew"]
    if reasons:
        raise MetricsStale(f"{found} waits: {'; '.join(reasons)}", waits_for="; ".join(reasons))


@verb("distribution.approve", "distribution")
def approve_distribution(*, distribution_id: UUID, now: datetime | None = None) -> Distribution:
    """Hold the sum and its fee in the platform's escrow, and have the shares paid.

    Raises DistributionNotDraft, MetricsStale, ListenersNotKnown or InsufficientFunds.
    """
    now = now or database_now()
    found = _lock_draft(distribution_id)
    _require_fresh(found, now)
    _move(found, DistributionStatus.APPROVED)
    found.approved_at = now
    hold_in_escrow(
        found.platform_id,
        found.amount + fee_on(found.amount, found.fee_bps),
        subject=Subject(DISTRIBUTION, found.pk),
        key=f"hold:distribution:{found.pk}",
        now=now,
    )
    found.save(update_fields=["status", "approved_at", "updated_at"])
    audit.record("distribution.approve", found, after={"amount": found.amount}, now=now)
    distributions_approved.send(sender=Distribution, distributions=[found], now=now)
    nudge_job("pay_distributions")
    return found


def pay_distributions(*, now: datetime | None = None) -> int:
    """Pay the shares of approved distributions, 5,000 in a transaction; return how many were paid."""
    at = now or database_now()
    approved = Distribution.objects.filter(status=DistributionStatus.APPROVED).order_by("approved_at", "pk")
    return sum(
        _pay_all(distribution_id, at) for distribution_id in list(approved.values_list("pk", flat=True))
    )


def _pay_all(distribution_id: UUID, now: datetime) -> int:
    return repeat_batch(lambda: pay_shares(distribution_id=distribution_id, now=now), size=PAID_AT_ONCE)


@in_unit
def pay_shares(*, distribution_id: UUID, now: datetime) -> int:
    """Pay up to 5,000 shares of an approved distribution; return how many. With the last one it is paid."""
    found = Distribution.objects.locked().get(pk=distribution_id)
    if found.status != DistributionStatus.APPROVED:
        return 0
    with prefer_indexes():
        (unpaid,) = sql.run("payments/royalties/unpaid_shares", distribution=found.pk, most=PAID_AT_ONCE)
    paid = unpaid["total"] or ZERO
    if unpaid["count"]:
        entries = book_columns(_pay_of(found, unpaid), [_fee_of(found, unpaid)], now=now)
        with prefer_indexes():
            sql.run("payments/royalties/note_entries", shares=unpaid["shares"], entries=entries)
    found.paid_amount += paid
    if found.paid_amount == found.amount:
        _move(found, DistributionStatus.PAID)
        found.paid_at = now
        distributions_paid.send(sender=Distribution, distributions=[found], now=now)
    found.save(update_fields=["paid_amount", "status", "paid_at", "updated_at"])
    audit.record("distribution.pay", found, after={"shares": unpaid["count"], "amount": paid}, now=now)
    return int(unpaid["count"])


def _pay_of(found: Distribution, unpaid: Mapping[str, Any]) -> PayColumns:
    columns = ("count", "total", "workers", "amounts", "facts", "subjects")
    return PayColumns(
        platform_id=found.platform_id,
        kind=ROYALTY,
        subject_kind=DISTRIBUTION,
        **{name: unpaid[name] for name in columns},
    )


def _fee_of(found: Distribution, unpaid: Mapping[str, Any]) -> Charge:
    """Return the fee of a batch; all batches together carry it on the whole sum."""
    return Charge(
        kind=FEE,
        platform_id=found.platform_id,
        amount=fee_between(found.fee_bps, found.paid_amount, found.paid_amount + unpaid["total"]),
        key=f"distribution_share:{unpaid['first']}",
        subject=Subject(DISTRIBUTION, found.pk),
    )
