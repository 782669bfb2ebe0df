"""Forms of royalties, distributions and pools, and their rows as JSON."""

from collections.abc import Callable, Mapping
from typing import Any

from rest_framework import serializers

from gigstream.api.fields import Amount, Choice, Day, Id, Instant, Name, StrictSerializer, Text, Whole
from gigstream.api.schema.describing import describe_rows
from payments.models import (
    DailyAccrual,
    Distribution,
    DistributionShare,
    PeriodPay,
    Pool,
    PoolMember,
    PoolWrite,
    RoyaltyPayment,
    RoyaltyPeriod,
    RoyaltyTerms,
    Statement,
)
from payments.royalties.enums import (
    Cadence,
    DistributionStatus,
    PaySource,
    PeriodStatus,
    PoolStatus,
    ShareMode,
)
from payments.royalties.models.periods import MOST_GRACE_DAYS
from payments.royalties.models.pools import MOST_UNITS
from platforms.models import UsageFinding
from platforms.usage.enums import FindingStatus

TERMS_COLUMNS = ("cadence", "minimum", "grace_days", "accrued_through")
PERIOD_COLUMNS = ("id", "created_at", "first", "last", "fee_bps", "grace_days", "status", "final_at")
PAY_COLUMNS = (
    "id",
    "period_id",
    "creator_id",
    "source",
    "accrued",
    "held",
    "unfunded",
    "carried",
    "paid",
    "recovered",
    "taken_back",
)
ACCRUAL_COLUMNS = (
    "id",
    "period_id",
    "creator_id",
    "day",
    "plays",
    "plays_held",
    "plays_refused",
    "amount",
    "held",
    "sales",
    "above_price",
    "accrued_at",
)
PAYMENT_COLUMNS = ("id", "created_at", "number", "amount", "recovered")
STATEMENT_COLUMNS = (
    "id",
    "created_at",
    "period_id",
    "creator_id",
    "plays",
    "plays_held",
    "plays_refused",
    "accrued",
    "held",
    "sales",
    "unfunded",
    "carried",
    "paid",
    "pro_rata",
    "user_centric",
)
LEFT_OUT_COLUMNS = (
    "id",
    "creator_id",
    "day",
    "kind",
    "threshold",
    "plays",
    "found_at",
    "status",
    "contested_at",
    "decided_at",
    "reason",
)
DISTRIBUTION_COLUMNS = (
    "id",
    "created_at",
    "updated_at",
    "number",
    "first",
    "last",
    "mode",
    "amount",
    "fee_bps",
    "status",
    "creators",
    "plays",
    "paid_amount",
    "approved_at",
    "paid_at",
)
SHARE_COLUMNS = ("id", "creator_id", "plays", "plays_refused", "amount")
POOL_COLUMNS = (
    "id",
    "created_at",
    "updated_at",
    "name",
    "fee_bps",
    "status",
    "units",
    "received",
    "paid",
    "writes",
    "closed_at",
)
MEMBER_COLUMNS = ("id", "creator_id", "units", "paid", "payments")
ARRIVAL_COLUMNS = ("id", "created_at", "number", "amount", "fee", "units")

_Fields = dict[str, Any]
_CREATOR: _Fields = {"creator_id": Id(help_text="the creator")}
_WEIGHT = Text(help_text="a whole number in digits")
_SPAN: _Fields = {
    "first": Day(help_text="first day of the period, in UTC"),
    "last": Day(help_text="last day of the period, in UTC"),
}
_PLATFORM: _Fields = {"platform_id": Id(), "platform_name": Text()}
_FORMULA = Text(help_text="how the amount follows, in words")

TermsRow = describe_rows("RoyaltyTermsRow", RoyaltyTerms, TERMS_COLUMNS)
PeriodRow = describe_rows("RoyaltyPeriodRow", RoyaltyPeriod, PERIOD_COLUMNS)
PayRow = describe_rows("RoyaltyPayRow", PeriodPay, PAY_COLUMNS, **_CREATOR)
MyPayRow = describe_rows("MyRoyaltyPayRow", PeriodPay, PAY_COLUMNS, **_CREATOR, **_SPAN, **_PLATFORM)
AccrualRow = describe_rows("RoyaltyAccrualRow", DailyAccrual, ACCRUAL_COLUMNS, **_CREATOR)
PaymentRow = describe_rows(
    "RoyaltyPaymentRow",
    RoyaltyPayment,
    PAYMENT_COLUMNS,
    **_CREATOR,
    fee=Amount(allow_zero=True, help_text="on top, from the platform"),
    period_id=Id(),
    source=Choice(choices=PaySource.values),
)
StatementRow = describe_rows(
    "RoyaltyStatementRow", Statement, STATEMENT_COLUMNS, **_CREATOR, **_SPAN, **_PLATFORM
)


LeftOutRow = describe_rows(
    "RoyaltyLeftOutRow",
    UsageFinding,
    LEFT_OUT_COLUMNS,
    **_CREATOR,
    amount=Amount(allow_zero=True, help_text="of the plays, by the rates of the day"),
    paid_from=Instant(allow_null=True, help_text="of a held one: it is paid then unless a person decides"),
)


class RoyaltyStatementLine(serializers.Serializer):
    """The plays of a work at a rate, and their worth: (plays - plays_refused) * rate."""

    work_id = Id()
    title = Text()
    rate = Amount(allow_zero=True)
    plays = Whole()
    plays_held = Whole(help_text="of the plays: their money is held until a person decides, or 30 days")
    plays_refused = Whole(help_text="of the plays: decided to be artificial, and not paid")
    amount = Amount(allow_zero=True)


WholeStatement = describe_rows(
    "WholeRoyaltyStatement",
    Statement,
    STATEMENT_COLUMNS,
    **_CREATOR,
    **_SPAN,
    **_PLATFORM,
    formula=_FORMULA,
    lines=RoyaltyStatementLine(many=True),
)
DistributionRow = describe_rows("DistributionRow", Distribution, DISTRIBUTION_COLUMNS, total_weight=_WEIGHT)
WholeDistribution = describe_rows(
    "WholeDistribution",
    Distribution,
    DISTRIBUTION_COLUMNS,
    total_weight=_WEIGHT,
    waits_for=serializers.ListField(child=Text(), help_text="why a draft cannot be approved yet"),
)
ShareRow = describe_rows("DistributionShareRow", DistributionShare, SHARE_COLUMNS, **_CREATOR, weight=_WEIGHT)
MyShareRow = describe_rows(
    "MyDistributionShareRow",
    DistributionShare,
    SHARE_COLUMNS,
    **_CREATOR,
    **_SPAN,
    **_PLATFORM,
    weight=_WEIGHT,
    status=Choice(choices=DistributionStatus.values),
    formula=_FORMULA,
)
PoolRow = describe_rows("PoolRow", Pool, POOL_COLUMNS)
MemberRow = describe_rows("PoolMemberRow", PoolMember, MEMBER_COLUMNS, **_CREATOR)
MyMemberRow = describe_rows(
    "MyPoolRow",
    PoolMember,
    MEMBER_COLUMNS,
    **_CREATOR,
    **_PLATFORM,
    pool_id=Id(),
    pool_name=Text(),
    due=Amount(allow_zero=True, help_text="not paid yet"),
)
ArrivalRow = describe_rows("PoolArrivalRow", PoolWrite, ARRIVAL_COLUMNS)


class TermsForm(StrictSerializer):
    """Terms for periods that begin after today's."""

    cadence = Choice(choices=Cadence.values)
    minimum = Amount(allow_zero=True, help_text="less is carried to the next payment")
    grace_days = Whole(min_value=0, max_value=MOST_GRACE_DAYS)


class DistributionForm(StrictSerializer):
    first = Day(help_text="in UTC")
    last = Day(help_text="in UTC, at most 366 days")
    mode = Choice(choices=ShareMode.values)
    amount = Amount(help_text="for creators; the fee comes on top")


class PoolForm(StrictSerializer):
    name = Name(max_length=120)


class UnitsForm(StrictSerializer):
    creator_id = Id()
    units = Whole(min_value=0, max_value=MOST_UNITS)


class MoneyForm(StrictSerializer):
    amount = Amount(help_text="for the members; the fee comes on top")


class PeriodsQuery(StrictSerializer):
    status = Choice(choices=PeriodStatus.values, required=False)
    created_from = Instant(required=False)
    created_to = Instant(required=False)


class PaysQuery(StrictSerializer):
    period_id = Id(required=False)
    creator_id = Id(required=False)
    source = Choice(choices=PaySource.values, required=False)  # type: ignore[assignment]


class LeftOutQuery(StrictSerializer):
    creator_id = Id(required=False)
    status = Choice(choices=FindingStatus.values, required=False)


class AccrualsQuery(StrictSerializer):
    period_id = Id(required=False)
    creator_id = Id(required=False)
    day_from = Day(required=False, help_text="included")
    day_to = Day(required=False, help_text="included")


class DistributionsQuery(StrictSerializer):
    status = Choice(choices=DistributionStatus.values, required=False)
    created_from = Instant(required=False)
    created_to = Instant(required=False)


class PoolsQuery(StrictSerializer):
    status = Choice(choices=PoolStatus.values, required=False)
    created_from = Instant(required=False)
    created_to = Instant(required=False)


# Filters by other names of columns.
FILTERS = {"creator_id": "creator__id", "day_from": "day__gte", "day_to": "day__lte"}


def columns_of(model_columns: tuple[str, ...], *more: str) -> tuple[str, ...]:
    """Return the columns to read for these of a row: a creator by its id, and not by its number."""
    return (*("creator__id" if name == "creator_id" else name for name in model_columns), *more)


def with_names(**names: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Return how a row is shown that was read by `columns_of`: the columns `names` have other names, and
    weights are texts."""
    renamed = {"creator__id": "creator_id", **{column: name for name, column in names.items()}}

    def show(row: Mapping[str, Any]) -> dict[str, Any]:
        shown = {renamed.get(column, column): value for column, value in row.items()}
        return shown | {name: f"{shown[name]:f}" for name in ("weight", "total_weight") if name in shown}

    return show


def terms_as_json(terms: RoyaltyTerms) -> dict[str, Any]:
    """Return the terms as their platform sees them."""
    return {name: getattr(terms, name) for name in TERMS_COLUMNS}


def distribution_as_json(found: Distribution) -> dict[str, Any]:
    """Return the distribution as its platform sees it."""
    shown = {name: getattr(found, name) for name in DISTRIBUTION_COLUMNS}
    return shown | {"total_weight": f"{found.total_weight:f}"}


def pool_as_json(pool: Pool) -> dict[str, Any]:
    """Return the pool as its platform sees it."""
    return {name: getattr(pool, name) for name in POOL_COLUMNS}


def member_as_json(member: PoolMember) -> dict[str, Any]:
    """Return the member as the platform sees it."""
    return {name: getattr(member, name) for name in MEMBER_COLUMNS} | {"creator_id": member.creator.pk}
