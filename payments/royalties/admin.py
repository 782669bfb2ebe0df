"""Pages for staff: pay for use, distributions, which two people approve, and pools."""

from collections.abc import Sequence

from django.contrib import admin
from django.db.models import Q, Sum

from gigstream.adminkit import (
    Figure,
    Figures,
    Moment,
    ReadOnlyAdmin,
    RowAction,
    RowSource,
    Table,
    TimelineKind,
    add_to_timeline,
    admin_url,
    by_number,
    by_uuid,
    show_on,
    summarize,
)
from gigstream.adminkit.approval_results import as_action_result
from gigstream.adminkit.list_exports import Exports
from gigstream.core.clock import database_now
from gigstream.core.money import ZERO, usdc
from payments import services
from payments.models import (
    CarriedBalance,
    DailyAccrual,
    DayToAccrue,
    Distribution,
    DistributionShare,
    PeriodFunding,
    PeriodPay,
    Pool,
    PoolMember,
    PoolWrite,
    RoyaltyPayment,
    RoyaltyPeriod,
    RoyaltyTerms,
    Statement,
)
from payments.royalties.enums import DistributionStatus, PoolStatus
from payments.royalties.selectors import find_stale, findings_with_worth
from platforms.models import CreatorProfile, Platform, UsageFinding

_PARTS = ("accrued", "held", "unfunded", "carried", "paid")


# --- Pay by use ---------------------------------------------------------------------------------------------
@admin.register(RoyaltyTerms)
class RoyaltyTermsAdmin(ReadOnlyAdmin):
    list_display = ("platform", "cadence", "minimum", "grace_days", "accrued_through", "updated_at")
    list_select_related = ("platform",)
    list_filter = ("cadence",)
    belongs = ("platform",)
    ordering = ("-created_at", "-id")
    searches = (by_uuid("platform_id"),)
    search_help_text = "id of a platform"


@admin.register(RoyaltyPeriod)
class RoyaltyPeriodAdmin(Exports, ReadOnlyAdmin):
    list_display = ("first", "last", "platform", "status", "fee_bps", "grace_days", "final_at", "created_at")
    list_select_related = ("platform",)
    list_filter = ("status",)
    belongs = ("platform",)
    ordering = ("-created_at", "-id")
    searches = (by_uuid("id", "platform_id"),)
    search_help_text = "id of a period or platform"


@admin.register(PeriodPay)
class PeriodPayAdmin(Exports, ReadOnlyAdmin):
    list_display = ("id", "period", "creator", "source", *_PARTS, "recovered", "taken_back", "payments")
    list_select_related = ("period", "creator")
    list_filter = ("source",)
    belongs = ("period",)
    ordering = ("-id",)
    sortable_by = ()
    searches = (by_uuid("period_id", "creator__id"), by_number("id"))
    search_help_text = "number of a pay, or id of a period or creator"


@admin.register(DailyAccrual)
class DailyAccrualAdmin(Exports, ReadOnlyAdmin):
    list_display = (
        "id",
        "day",
        "creator",
        "plays",
        "plays_held",
        "plays_refused",
        "amount",
        "held",
        "sales",
        "above_price",
        "accrued_at",
    )
    list_select_related = ("creator",)
    belongs = ("period",)
    ordering = ("-id",)
    sortable_by = ()
    searches = (by_uuid("period_id", "creator__id"), by_number("id"))
    search_help_text = "number of a row, or id of a period or creator"


@admin.register(DayToAccrue)
class DayToAccrueAdmin(ReadOnlyAdmin):
    list_display = ("id", "platform", "day", "creator_number")
    list_select_related = ("platform",)
    belongs = ("platform",)
    ordering = ("-id",)
    sortable_by = ()
    searches = (by_uuid("platform_id"), by_number("id", "creator_number"))
    search_help_text = "id of a platform, or number of a row or creator"


@admin.register(CarriedBalance)
class CarriedBalanceAdmin(Exports, ReadOnlyAdmin):
    list_display = ("creator", "carried", "remainder")
    list_select_related = ("creator",)
    ordering = ("-creator",)
    sortable_by = ()
    searches = (by_uuid("creator__id"),)
    search_help_text = "id of a creator"


@admin.register(PeriodFunding)
class PeriodFundingAdmin(Exports, ReadOnlyAdmin):
    list_display = ("created_at", "period", "amount", "fee")
    list_select_related = ("period",)
    belongs = ("period",)
    ordering = ("-created_at", "-id")
    sortable_by = ()
    searches = (by_uuid("id", "period_id"),)
    search_help_text = "id of a funding or period"


@admin.register(RoyaltyPayment)
class RoyaltyPaymentAdmin(Exports, ReadOnlyAdmin):
    list_display = ("id", "created_at", "pay", "number", "amount", "recovered", "fee", "entry")
    list_select_related = ("pay", "entry")
    belongs = ("pay", "entry")
    ordering = ("-id",)
    sortable_by = ()
    searches = (by_number("id", "pay_id", "entry_id"),)
    search_help_text = "number of a payment, pay or entry"


@admin.register(Statement)
class StatementAdmin(Exports, ReadOnlyAdmin):
    list_display = (
        "created_at",
        "period",
        "creator",
        "plays",
        "accrued",
        "sales",
        "pro_rata",
        "user_centric",
    )
    list_select_related = ("period", "creator")
    belongs = ("period",)
    ordering = ("-created_at", "-id")
    sortable_by = ()
    searches = (by_uuid("id", "period_id", "creator__id"),)
    search_help_text = "id of a statement, period or creator"


# --- Distributions ------------------------------------------------------------------------------------------
@admin.register(Distribution)
class DistributionAdmin(Exports, ReadOnlyAdmin):
    """Distributions: drafts are approved by two people, and then paid by themselves."""

    list_display = (
        "number",
        "platform",
        "status",
        "first",
        "last",
        "mode",
        "amount",
        "paid_amount",
        "creators",
        "created_at",
    )
    list_select_related = ("platform",)
    list_filter = ("status", "mode")
    belongs = ("platform",)
    ordering = ("-created_at", "-id")
    sortable_by = ("created_at",)
    searches = (by_uuid("id", "platform_id"),)
    search_help_text = "id of a distribution or platform"
    actions = (
        RowAction(
            name="approve",
            label="Approve",
            done="requested",
            run=lambda found, reason: as_action_result(
                services.request_distribution(distribution_id=found.pk, reason=reason)
            ),
            when=lambda found: found.status == DistributionStatus.DRAFT,
            note="Once a second person has approved it, the sum is held and the shares are paid.",
        ),
        RowAction(
            name="recount",
            label="Share anew",
            done="shared anew",
            run=lambda found, reason: services.recount_distribution(distribution_id=found.pk),
            when=lambda found: found.status == DistributionStatus.DRAFT,
            note="By the use as it is counted now.",
        ),
        RowAction(
            name="cancel",
            label="Cancel",
            done="cancelled",
            run=lambda found, reason: services.cancel_distribution(distribution_id=found.pk),
            when=lambda found: found.status == DistributionStatus.DRAFT,
        ),
    )


@admin.register(DistributionShare)
class DistributionShareAdmin(Exports, ReadOnlyAdmin):
    list_display = ("id", "distribution", "creator", "plays", "plays_refused", "weight", "amount", "entry")
    list_select_related = ("distribution", "creator", "entry")
    belongs = ("distribution", "entry")
    ordering = ("-id",)
    sortable_by = ()
    searches = (by_uuid("distribution_id", "creator__id"), by_number("id"))
    search_help_text = "number of a share, or id of a distribution or creator"


# --- Pools --------------------------------------------------------------------------------------------------
@admin.register(Pool)
class PoolAdmin(Exports, ReadOnlyAdmin):
    list_display = ("name", "platform", "status", "units", "received", "paid", "writes", "created_at")
    list_select_related = ("platform",)
    list_filter = ("status",)
    belongs = ("platform",)
    ordering = ("-created_at", "-id")
    sortable_by = ("created_at",)
    searches = (by_uuid("id", "platform_id"),)
    search_help_text = "id of a pool or platform"
    actions = (
        RowAction(
            name="close",
            label="Close",
            done="closed",
            run=lambda pool, reason: services.close_pool(pool_id=pool.pk),
            when=lambda pool: pool.status == PoolStatus.OPEN,
            note="For good: its members are paid the rest.",
        ),
    )


@admin.register(PoolMember)
class PoolMemberAdmin(Exports, ReadOnlyAdmin):
    list_display = ("id", "pool", "creator", "units", "paid", "payments", "index_at", "fraction")
    list_select_related = ("pool", "creator")
    belongs = ("pool",)
    ordering = ("-id",)
    sortable_by = ()
    searches = (by_uuid("pool_id", "creator__id"), by_number("id"))
    search_help_text = "number of a member, or id of a pool or creator"


@admin.register(PoolWrite)
class PoolWriteAdmin(Exports, ReadOnlyAdmin):
    list_display = ("id", "created_at", "pool", "number", "amount", "fee", "units")
    list_select_related = ("pool",)
    belongs = ("pool",)
    ordering = ("-id",)
    sortable_by = ()
    searches = (by_uuid("pool_id"), by_number("id"))
    search_help_text = "number of an arrival, or id of a pool"


# --- Tables on other pages ----------------------------------------------------------------------------------
def _waits_for(found: Distribution) -> Sequence[Sequence[object]]:
    if found.status != DistributionStatus.DRAFT:
        return [("waits for", "nothing")]
    reasons = find_stale(found.platform_id, first=found.first, last=found.last, now=database_now())
    return [("waits for", reason) for reason in reasons] or [("waits for", "two people to approve it")]


show_on(
    Distribution,
    Figures("State", DistributionShare, ("figure", "value"), _waits_for),
    Table(
        DistributionShare,
        by="distribution",
        columns=("id", "creator", "plays", "weight", "amount", "entry"),
        ordering=("-id",),
    ),
)
show_on(
    RoyaltyPeriod,
    Table(PeriodPay, by="period", columns=("id", "creator", "source", *_PARTS), ordering=("-id",)),
    Table(PeriodFunding, by="period", columns=("created_at", "amount", "fee")),
)
show_on(PeriodPay, Table(RoyaltyPayment, by="pay", columns=("number", "amount", "fee"), ordering=("-id",)))
show_on(
    Pool,
    Table(PoolMember, by="pool", columns=("id", "creator", "units", "paid"), ordering=("-id",)),
    Table(PoolWrite, by="pool", columns=("number", "created_at", "amount", "units"), ordering=("-id",)),
)
show_on(
    CreatorProfile,
    Table(PeriodPay, by="creator", columns=("id", "period", "source", *_PARTS), ordering=("-id",)),
    Table(DistributionShare, by="creator", columns=("id", "distribution", "amount"), ordering=("-id",)),
)


def _payment_moment(payment: RoyaltyPayment) -> Moment:
    return Moment(
        at=payment.created_at,
        kind=TimelineKind.MONEY,
        text=f"Pay for use of {payment.pay.period} paid",
        amount=usdc(payment.amount),
        url=admin_url(payment),
    )


add_to_timeline(
    CreatorProfile,
    RowSource(
        name="royalties",
        model=RoyaltyPayment,
        rows=lambda creator: RoyaltyPayment.objects.filter(pay__creator=creator).select_related(
            "pay__period"
        ),
        moment=_payment_moment,
        kinds={TimelineKind.MONEY: Q()},
    ),
)


@summarize(CreatorProfile, of=PeriodPay, position=30)
def _pay_of_creator(creator: CreatorProfile) -> list[Figure]:
    pays = PeriodPay.objects.filter(creator=creator)
    sums = pays.aggregate(
        paid=Sum("paid"), held=Sum("held"), unfunded=Sum("unfunded"), carried=Sum("carried")
    )
    held, unfunded = sums["held"] or ZERO, sums["unfunded"] or ZERO
    return [
        Figure("Paid for use", usdc(sums["paid"] or ZERO)),
        Figure("To be paid", usdc(sums["carried"] or ZERO)),
        Figure("Held", usdc(held), "wait" if held else ""),
        Figure("Not funded", usdc(unfunded), "wait" if unfunded else ""),
    ]


def _worth_of(finding: UsageFinding) -> Sequence[Sequence[object]]:
    found = findings_with_worth().get(pk=finding.pk)
    return [("pay of the plays", usdc(found.amount))]  # type: ignore[attr-defined]


show_on(UsageFinding, Figures("Pay", DailyAccrual, ("figure", "value"), _worth_of))
show_on(
    Platform,
    Table(Distribution, by="platform", columns=("number", "status", "first", "last", "amount")),
    Table(RoyaltyPeriod, by="platform", columns=("first", "last", "status")),
)
