"""Quests for staff: budgets, events, reservations, and decisions about held rewards."""

from collections.abc import Sequence
from decimal import Decimal

from django.contrib import admin
from django.db.models import Q
from django.utils.safestring import SafeString

from gigstream.adminkit import (
    OF_THE_HOUSE,
    Drawing,
    Figure,
    Figures,
    Moment,
    NextStep,
    ReadOnlyAdmin,
    RowAction,
    RowSource,
    Table,
    TimelineKind,
    add_to_timeline,
    admin_url,
    by_email,
    by_number,
    by_text,
    by_uuid,
    link_to,
    list_url,
    name_rows_by,
    show_on,
    summarize,
)
from gigstream.adminkit.approval_results import as_action_result
from gigstream.adminkit.list_exports import Exports
from gigstream.adminkit.search import by_parts, by_reference
from gigstream.core.clock import database_now
from payments.models import Transaction
from payments.statements.admin.timelines import transaction_moment
from platforms.models import Platform
from reputation.models import (
    Quest,
    QuestCount,
    QuestEvent,
    QuestFunding,
    QuestOutflow,
    Reservation,
    WorkerOutflow,
)
from reputation.quests import services
from reputation.quests.admin.contexts import amount_in_words
from reputation.quests.admin.drawings import draw_budget, draw_budget_bar, draw_hours
from reputation.quests.admin.forms import OutflowLimitForm
from reputation.quests.enums import FAILED, QUEST_MOVES, QuestEventStatus, QuestStatus
from reputation.quests.selectors import figures_of
from workers.models import Worker

EVENT_COLUMNS = ("created_at", "worker", "status", "amount", "reward_kind", "external_id", "event_date")


# --- Quests -------------------------------------------------------------------------------------------------
@admin.register(Quest)
class QuestAdmin(Exports, ReadOnlyAdmin):
    """Quests, with the parts of their budgets that are granted and reserved."""

    list_display = (
        "title",
        "platform",
        "status",
        "kind",
        "reward_kind",
        "reward_amount",
        "granted",
        "reserved",
        "budget",
        "used",
        "created_at",
    )
    list_select_related = ("platform",)
    list_filter = ("status", "kind", "reward_kind")
    empty_words = OF_THE_HOUSE
    belongs = ("platform",)
    ordering = ("-created_at", "-id")
    sortable_by = ("created_at",)
    searches = (by_reference(), by_uuid("id", "platform_id"), by_text("slug"), by_parts("title"))
    search_help_text = "reference, parts of the title, slug, or an id"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("title", "status"),
                    ("platform", "kind"),
                    ("reward_kind", "reward_amount", "fee_bps"),
                    ("budget", "granted", "reserved"),
                    ("period", "limit_per_worker", "limit_total"),
                    "instructions",
                )
            },
        ),
        (
            "Who may take part, and when",
            {
                "fields": (
                    ("is_claimable", "network"),
                    ("min_tier", "min_account_age_days", "countries"),
                    ("cooldown_seconds", "outflow_limit", "places_taken"),
                    ("starts_at", "ends_at"),
                    ("created_at", "opened_at", "closed_at"),
                ),
                "classes": ("collapse",),
            },
        ),
        (
            "Ids and technical data",
            {"fields": (("id", "slug"), "updated_at", "metadata"), "classes": ("collapse",)},
        ),
    )
    actions = (
        RowAction(
            name="pause",
            label="Pause",
            done="paused",
            run=lambda quest, reason: services.pause_quest(quest_id=quest.pk),
            when=lambda quest: QuestStatus.PAUSED in QUEST_MOVES[quest.status],
            effect=lambda quest: (
                "It takes no new events. Events that wait, and reserved places, are still rewarded."
            ),
        ),
        RowAction(
            name="open",
            label="Open",
            done="opened",
            run=lambda quest, reason: services.open_quest(quest_id=quest.pk),
            when=lambda quest: quest.status == QuestStatus.PAUSED,
        ),
        RowAction(
            name="close",
            label="Close",
            done="closed",
            run=lambda quest, reason: services.close_quest(quest_id=quest.pk),
            when=lambda quest: QuestStatus.CLOSED in QUEST_MOVES[quest.status],
            effect=lambda quest: "What is free of its budget goes back to who funds it.",
            note="For good.",
        ),
        RowAction(
            name="set_outflow_limit",
            label="Change the hourly limit",
            done="requested",
            run=lambda quest, limit, reason: as_action_result(
                services.request_outflow_limit(quest_id=quest.pk, limit=limit, reason=reason)
            ),
            form=OutflowLimitForm,
            kind="quest.set_outflow_limit",
            when=lambda quest: quest.status != QuestStatus.CLOSED,
            note="It holds from when a second person has approved it.",
        ),
    )

    @admin.display(description="used")
    def used(self, quest: Quest) -> SafeString | str:
        return draw_budget_bar(quest)


# --- Events, reservations, fundings, counts -----------------------------------------------------------------
@admin.register(QuestEvent)
class QuestEventAdmin(Exports, ReadOnlyAdmin):
    """Events of quests; staff decide about those that are held."""

    list_display = ("id", "quest", *EVENT_COLUMNS)
    list_select_related = ("quest", "worker")
    list_filter = ("status", "reward_kind")
    belongs = ("quest", "worker")
    ordering = ("-id",)
    sortable_by = ("id",)
    searches = (
        by_number("id"),
        by_uuid("quest_id", "worker_id"),
        by_email("worker__email"),
    )
    search_help_text = "number of an event, id of a quest or worker, or a worker's email"
    actions = (
        RowAction(
            name="let_go",
            label="Let go",
            done="let go",
            run=lambda event, reason: services.let_go(event_id=event.pk, reason=reason),
            when=lambda event: event.status == QuestEventStatus.HELD,
            effect=lambda event: f"{amount_in_words(event)} is granted to the worker at once.",
            note="The worker can read the reason.",
        ),
        RowAction(
            name="keep",
            label="Refuse",
            done="refused",
            run=lambda event, reason: services.keep_held(event_id=event.pk, reason=reason),
            when=lambda event: event.status == QuestEventStatus.HELD,
            effect=lambda event: (
                f"The worker gets nothing; {amount_in_words(event)} is free in the quest for others."
            ),
            note="The worker can read the reason.",
        ),
        RowAction(
            name="try_again",
            label="Grant again",
            done="to be granted again",
            run=lambda event, reason: services.try_grant_again(event_id=event.pk, reason=reason),
            when=lambda event: event.status == QuestEventStatus.RECEIVED and event.code == FAILED,
            effect=lambda event: f"The next run tries again to grant {amount_in_words(event)}.",
            note="Its grant has raised an error, which the log names.",
        ),
    )


@admin.register(Reservation)
class ReservationAdmin(Exports, ReadOnlyAdmin):
    """Places in quests that are kept for workers."""

    list_display = ("created_at", "quest", "worker", "status", "amount", "expires_at", "ended_at")
    list_select_related = ("quest", "worker")
    list_filter = ("status",)
    belongs = ("quest", "worker")
    ordering = ("-created_at", "-id")
    sortable_by = ()
    searches = (by_uuid("id", "quest_id", "worker_id"), by_email("worker__email"))
    search_help_text = "id of a reservation, quest or worker, or a worker's email"


@admin.register(QuestFunding)
class QuestFundingAdmin(Exports, ReadOnlyAdmin):
    """Sums that the budgets of quests got, or gave back."""

    list_display = ("created_at", "quest", "amount", "fee")
    list_select_related = ("quest",)
    belongs = ("quest",)
    ordering = ("-created_at", "-id")
    sortable_by = ()
    searches = (by_uuid("id", "quest_id"),)
    search_help_text = "id of a funding or quest"


@admin.register(QuestCount)
class QuestCountAdmin(ReadOnlyAdmin):
    """Numbers of places that workers have taken in quests."""

    list_display = ("id", "quest", "worker", "period_date", "n")
    list_select_related = ("quest", "worker")
    belongs = ("worker",)
    ordering = ("-id",)
    sortable_by = ()
    searches = (by_uuid("worker_id"), by_email("worker__email"))
    search_help_text = "id or email of a worker"


@admin.register(QuestOutflow)
class QuestOutflowAdmin(Exports, ReadOnlyAdmin):
    """Rewards of quests in hours, against their limit."""

    list_display = ("hour", "quest", "granted", "events", "is_reached")
    list_select_related = ("quest",)
    list_filter = ("is_reached",)
    belongs = ("quest",)
    ordering = ("-hour", "-id")
    sortable_by = ()
    searches = (by_uuid("quest_id"),)
    search_help_text = "id of a quest"


@admin.register(WorkerOutflow)
class WorkerOutflowAdmin(Exports, ReadOnlyAdmin):
    """USDC that quests have granted workers on a date."""

    list_display = ("date", "worker", "granted")
    list_select_related = ("worker",)
    belongs = ("worker",)
    ordering = ("-date", "-id")
    sortable_by = ()
    searches = (by_uuid("worker_id"), by_email("worker__email"))
    search_help_text = "id or email of a worker"


# --- Tables on other pages ----------------------------------------------------------------------------------
def _figures(quest: Quest) -> Sequence[Sequence[object]]:
    figures = [
        (name.replace("_", " "), quest.amount_text(value) if isinstance(value, Decimal) else value)
        for name, value in figures_of(quest, now=database_now()).items()
    ]
    return [("budget used", draw_budget_bar(quest)), *figures]


show_on(
    Quest,
    Drawing("Budget", QuestFunding, draw_budget, opened=True),
    Drawing("Rewards of the last 48 hours", QuestOutflow, draw_hours),
    Figures("Figures", QuestEvent, ("figure", "value"), _figures),
    Table(QuestEvent, by="quest", columns=("id", *EVENT_COLUMNS), ordering=("-id",)),
    Table(Reservation, by="quest", columns=("created_at", "worker", "status", "amount", "expires_at")),
    Table(QuestFunding, by="quest", columns=("created_at", "amount", "fee")),
)
show_on(Platform, Table(Quest, by="platform", columns=("title", "status", "granted", "reserved", "budget")))
show_on(Worker, Table(QuestEvent, by="worker", columns=("id", "quest", *EVENT_COLUMNS), ordering=("-id",)))
name_rows_by(Quest, "title")


# --- Timelines and summaries --------------------------------------------------------------------------------
def _funding_moment(funding: QuestFunding) -> Moment:
    back = funding.amount < 0
    return Moment(
        at=funding.created_at,
        kind=TimelineKind.MONEY,
        text="Budget given back" if back else "Budget funded",
        amount=funding.quest.amount_text(abs(funding.amount)),
        url=admin_url(funding),
    )


add_to_timeline(
    Quest,
    RowSource(
        name="transactions",
        model=Transaction,
        rows=lambda quest: Transaction.objects.filter(platform=quest.platform_id, quest_id=quest.pk),
        moment=transaction_moment,
        kinds={TimelineKind.MONEY: Q()},
    ),
    RowSource(
        name="fundings",
        model=QuestFunding,
        rows=lambda quest: QuestFunding.objects.filter(quest=quest).select_related("quest"),
        moment=_funding_moment,
        kinds={TimelineKind.MONEY: Q()},
    ),
)


@summarize(Quest, of=Quest, position=10)
def _quest(quest: Quest) -> list[Figure]:
    tone = {QuestStatus.OPEN: "good", QuestStatus.PAUSED: "wait"}.get(QuestStatus(quest.status), "")
    return [
        Figure("Quest", str(quest.get_status_display()), tone),
        Figure("Of", link_to(quest.platform) or "the house"),
        Figure("Reward", quest.amount_text(quest.reward_amount)),
        Figure("Granted", quest.amount_text(quest.granted)),
        Figure("Reserved", quest.amount_text(quest.reserved)),
        Figure("Budget", "no bound" if quest.budget is None else quest.amount_text(quest.budget)),
        Figure(
            "Places taken",
            f"{quest.places_taken:,}" + (f" of {quest.limit_total:,}" if quest.limit_total else ""),
        ),
    ]


@summarize(Quest, of=QuestEvent, position=20)
def _held_rewards(quest: Quest) -> list[NextStep]:
    held = QuestEvent.objects.filter(quest=quest, status=QuestEventStatus.HELD)[:100].count()
    if not held:
        return []
    words = "1 reward is" if held == 1 else f"{held} rewards are" if held < 100 else "100 or more rewards are"
    url = list_url(QuestEvent, quest=quest.pk, status__exact=QuestEventStatus.HELD)
    return [NextStep(f"{words} held: let them go or refuse them.", "wait", url)]
