"""Quests for staff: budgets, events, reservations, and decisions about held rewards."""

from collections.abc import Sequence
from decimal import Decimal

from django.contrib import admin
from django.utils.safestring import SafeString

from gigstream.adminkit import (
    OF_THE_HOUSE,
    Drawing,
    Figures,
    ReadOnlyAdmin,
    RowAction,
    Table,
    by_email,
    by_number,
    by_text,
    by_uuid,
    show_on,
)
from gigstream.adminkit.approval_results import as_action_result
from gigstream.adminkit.list_exports import Exports
from gigstream.adminkit.search import by_parts, by_reference
from gigstream.core.clock import database_now
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
    actions = (
        RowAction(
            name="pause",
            label="Pause",
            done="paused",
            run=lambda quest, reason: services.pause_quest(quest_id=quest.pk),
            when=lambda quest: QuestStatus.PAUSED in QUEST_MOVES[quest.status],
            note="It takes no new events. Events that wait, and reserved places, are still rewarded.",
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
            note="For good: what is free of its budget goes back.",
        ),
        RowAction(
            name="set_outflow_limit",
            label="Change the hourly limit",
            done="requested",
            run=lambda quest, limit, reason: as_action_result(
                services.request_outflow_limit(quest_id=quest.pk, limit=limit, reason=reason)
            ),
            form=OutflowLimitForm,
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
            note="The reward is granted. The worker can read the reason.",
        ),
        RowAction(
            name="keep",
            label="Refuse",
            done="refused",
            run=lambda event, reason: services.keep_held(event_id=event.pk, reason=reason),
            when=lambda event: event.status == QuestEventStatus.HELD,
            note="The worker gets nothing, and can read the reason. The money is free for others.",
        ),
        RowAction(
            name="try_again",
            label="Grant again",
            done="to be granted again",
            run=lambda event, reason: services.try_grant_again(event_id=event.pk, reason=reason),
            when=lambda event: event.status == QuestEventStatus.RECEIVED and event.code == FAILED,
            note="Its grant has raised an error, which the log names. The next run tries it again.",
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
    Drawing("Budget", QuestFunding, draw_budget),
    Drawing("Rewards of the last 48 hours", QuestOutflow, draw_hours),
    Figures("Figures", QuestEvent, ("figure", "value"), _figures),
    Table(QuestEvent, by="quest", columns=("id", *EVENT_COLUMNS), ordering=("-id",)),
    Table(Reservation, by="quest", columns=("created_at", "worker", "status", "amount", "expires_at")),
    Table(QuestFunding, by="quest", columns=("created_at", "amount", "fee")),
)
show_on(Platform, Table(Quest, by="platform", columns=("title", "status", "granted", "reserved", "budget")))
show_on(Worker, Table(QuestEvent, by="worker", columns=("id", "quest", *EVENT_COLUMNS), ordering=("-id",)))
