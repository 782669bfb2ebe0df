"""Forms of quests, and quests and their events as JSON."""

from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from gigstream.api.fields import (
    Amount,
    Choice,
    Day,
    Id,
    Instant,
    Items,
    JSONObject,
    Name,
    StrictSerializer,
    Text,
    Whole,
    YesNo,
)
from gigstream.api.schema.describing import describe_rows
from gigstream.api.schema.schemas import Problem
from reputation.models import Quest, QuestEvent
from reputation.quests.enums import QuestEventStatus, QuestKind, QuestPeriod, QuestStatus, RewardKind
from reputation.quests.models.quests import SLUG_FORM
from reputation.scores.enums import Tier

MOST_EVENTS = 1_000
MOST_COUNTRIES = 250
LARGEST = 2**31 - 1
LONGEST_TEXT = 10_000
QUEST_COLUMNS = (
    "id",
    "reference",
    "created_at",
    "updated_at",
    "slug",
    "title",
    "instructions",
    "kind",
    "network",
    "is_claimable",
    "status",
    "reward_kind",
    "reward_amount",
    "fee_bps",
    "period",
    "limit_per_worker",
    "limit_total",
    "places_taken",
    "budget",
    "granted",
    "reserved",
    "outflow_limit",
    "cooldown_seconds",
    "min_tier",
    "min_account_age_days",
    "countries",
    "starts_at",
    "ends_at",
    "opened_at",
    "closed_at",
    "metadata",
)
EVENT_COLUMNS = (
    "id",
    "created_at",
    "quest_id",
    "worker_id",
    "event_type",
    "external_id",
    "event_date",
    "occurred_at",
    "status",
    "reward_kind",
    "amount",
    "factor",
    "granted_amount",
    "waits_until",
    "held_until",
    "granted_at",
    "settled_at",
    "rejected_at",
    "code",
    "message",
    "numbers",
)
_COUNTRIES: dict[str, Any] = {
    "child": Text(validators=[RegexValidator("^[A-Za-z]{2}$", "must be the two letters of a country")]),
    "max_length": MOST_COUNTRIES,
}

QuestRow = describe_rows(
    "QuestRow", Quest, QUEST_COLUMNS, countries=serializers.ListField(child=Text(), help_text="empty: all")
)
QuestEventRow = describe_rows("QuestEventRow", QuestEvent, EVENT_COLUMNS)


def quest_as_json(quest: Quest) -> dict[str, Any]:
    """Return the quest as its platform sees it."""
    return {name: getattr(quest, name) for name in QUEST_COLUMNS}


def quest_event_as_json(event: QuestEvent) -> dict[str, Any]:
    """Return the event as its platform sees it."""
    return {name: getattr(event, name) for name in EVENT_COLUMNS}


class QuestChangeForm(StrictSerializer):
    """Terms of a quest that may change; those left out stay."""

    title = Name(max_length=200, required=False)
    instructions = Text(max_length=LONGEST_TEXT, required=False, allow_blank=True)
    is_claimable = YesNo(required=False, help_text="whether workers claim it by themselves")
    reward_amount = Amount(required=False, help_text="USDC, or whole points; the fee comes on top")
    limit_per_worker = Whole(
        min_value=1, max_value=LARGEST, required=False, allow_null=True, help_text="in each period"
    )
    limit_total = Whole(min_value=1, max_value=LARGEST, required=False, allow_null=True)
    cooldown_seconds = Whole(min_value=0, max_value=LARGEST, required=False)
    min_tier = Choice(choices=Tier.values, required=False, help_text="Starter: any")
    min_account_age_days = Whole(min_value=0, max_value=36_500, required=False)
    countries = serializers.ListField(**_COUNTRIES, required=False, help_text="ISO 3166; empty: all")
    starts_at = Instant(required=False, allow_null=True)
    ends_at = Instant(required=False, allow_null=True)
    metadata = JSONObject(required=False)


class QuestForm(QuestChangeForm):
    """A quest to be drafted."""

    slug = Text(
        max_length=64,
        validators=[
            RegexValidator(SLUG_FORM, "must be small letters, digits and single hyphens between them")
        ],
        help_text="unique for you",
    )
    title = Name(max_length=200)
    kind = Choice(choices=QuestKind.values)
    network = Text(
        max_length=32,
        required=False,
        allow_blank=True,
        help_text="where the act is done; of a social_check that workers claim, one whose accounts they link",
    )
    reward_kind = Choice(choices=RewardKind.values)
    reward_amount = Amount(help_text="USDC, or whole points; the fee comes on top")
    period = Choice(choices=QuestPeriod.values)


class FundForm(StrictSerializer):
    amount = Amount(help_text="added to the budget; the fee on it is held as well")


class QuestReportForm(StrictSerializer):
    """A report of a worker's act. The same id and day of a quest are the same event."""

    worker_id = Id()
    external_id = Text(
        max_length=160, required=False, help_text="of the act: a post, a transaction; not of your request"
    )
    event_type = Text(max_length=64, required=False)
    event_date = Day(required=False, help_text="of a daily quest; else the worker's date")
    occurred_at = Instant(required=False)
    evidence = JSONObject(required=False)
    device_id = Text(
        min_length=16,
        max_length=64,
        required=False,
        help_text="your random id of the device on which the worker acted; kept as a keyed hash only",
    )


class QuestReportsForm(StrictSerializer):
    """Reports, each judged alone; they are granted in their order."""

    events = Items(QuestReportForm, most=MOST_EVENTS)


class QuestEventResult(serializers.Serializer):
    """An event or a problem, by `status`."""

    status = Whole(
        help_text="201 when it was new, 202 while it waits, 200 when it was known, or that of the problem"
    )
    event = QuestEventRow(required=False)
    problem = Problem(required=False)


class QuestEventResults(serializers.Serializer):
    """Results in the order of the request."""

    results = QuestEventResult(many=True)


class QuestFigures(serializers.Serializer):
    """Figures of a quest: numbers of events by status, and sums of rewards."""

    received = Whole(help_text="wait to be granted")
    held = Whole()
    granted = Whole(help_text="with those that are settled")
    settled = Whole(help_text="have left to the worker's wallet")
    rejected = Whole()
    workers = Whole(help_text="with a reward")
    open_reservations = Whole()
    granted_last_hour = Whole()
    granted_last_day = Whole()
    budget = Amount(allow_zero=True, allow_null=True)
    granted_amount = Amount(allow_zero=True)
    reserved_amount = Amount(allow_zero=True)
    free_amount = Amount(allow_zero=True, allow_null=True)


class QuestQuery(StrictSerializer):
    """Filters of a list of quests."""

    status = Choice(choices=QuestStatus.values, required=False)
    kind = Choice(choices=QuestKind.values, required=False)
    slug = Text(max_length=64, required=False)
    created_from = Instant(required=False)
    created_to = Instant(required=False)


class QuestEventQuery(StrictSerializer):
    """Filters of a list of events."""

    status = Choice(choices=QuestEventStatus.values, required=False)
    worker_id = Id(required=False)
    created_from = Instant(required=False)
    created_to = Instant(required=False)
