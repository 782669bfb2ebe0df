"""Quests and rewards of a worker over the API."""

from typing import Any
from uuid import UUID

from django.db.models import F
from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from gigstream.api import pagination
from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import Choice, Id, JSONObject, NothingForm, StrictSerializer, Text, Whole, YesNo
from gigstream.api.schema.describing import describe_rows
from gigstream.api.views import json_response
from gigstream.core.clock import database_now
from reputation.models import Quest, QuestEvent, Reservation
from reputation.quests import services
from reputation.quests.enums import QuestEventStatus, QuestKind, QuestStatus, RewardKind
from reputation.quests.selectors import hashes_of, quests_for
from reputation.quests.services.offers import Offer, offers_to
from workers.sign_in.views import MyView, PeriodQuery

OFFER_COLUMNS = (
    "id",
    "reference",
    "created_at",
    "platform_id",
    "slug",
    "title",
    "instructions",
    "kind",
    "network",
    "is_claimable",
    "status",
    "reward_kind",
    "reward_amount",
    "period",
    "limit_per_worker",
    "starts_at",
    "ends_at",
)
REWARD_COLUMNS = (
    "id",
    "created_at",
    "quest_id",
    "quest_title",
    "event_type",
    "external_id",
    "event_date",
    "status",
    "reward_kind",
    "amount",
    "factor",
    "factor_reason",
    "granted_amount",
    "waits_until",
    "held_until",
    "hold_reason",
    "granted_at",
    "settled_at",
    "rejected_at",
    "code",
    "message",
    "numbers",
)
RESERVATION_COLUMNS = ("id", "created_at", "quest_id", "period_date", "amount", "status", "expires_at")
ReservationRow = describe_rows("ReservationRow", Reservation, RESERVATION_COLUMNS)
ON_OFFER = (QuestStatus.OPEN, QuestStatus.PAUSED, QuestStatus.EXHAUSTED)


class Obstacle(serializers.Serializer):
    """A reason why the quest is not open to the worker, and what would change it."""

    code = Text()
    message = Text()
    numbers = JSONObject(help_text="the values that decide")


MyQuestRow = describe_rows(
    "MyQuestRow",
    Quest,
    OFFER_COLUMNS,
    platform_name=Text(allow_null=True, help_text="who offers it; null for the house"),
    used=Whole(help_text="your rewards and reservations of it, in the present period"),
    is_open_to_me=YesNo(),
    obstacles=Obstacle(many=True, help_text="why it is not open to you, and what would change it"),
    reservation=ReservationRow(allow_null=True, help_text="the place that is kept for you"),
)
_TITLE = Text(help_text="of the quest")
_REPLAYED = YesNo(help_text="whether the act was on record before")
MyRewardRow = describe_rows(
    "MyRewardRow",
    QuestEvent,
    REWARD_COLUMNS,
    quest_title=_TITLE,
    tx_hashes=serializers.ListField(child=Text(), help_text="of the payouts that carry it"),
)
MyClaim = describe_rows("MyClaim", QuestEvent, REWARD_COLUMNS, quest_title=_TITLE, replayed=_REPLAYED)


class ClaimForm(StrictSerializer):
    """The worker's act."""

    external_id = Text(
        max_length=160, required=False, help_text="of the act: a post, a transaction; not of your request"
    )
    evidence = JSONObject(required=False)


class MyQuestQuery(PeriodQuery):
    kind = Choice(choices=QuestKind.values, required=False)
    reward_kind = Choice(choices=RewardKind.values, required=False)
    platform_id = Id(required=False)


class MyRewardQuery(PeriodQuery):
    status = Choice(choices=QuestEventStatus.values, required=False)
    quest_id = Id(required=False)


class MyQuests(MyView):
    """`me/quests`."""

    query = MyQuestQuery
    endpoints = {"GET": Endpoint("list_my_quests", MyQuestRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List the quests of the house and of platforms that you work for, newest first; for each that is
        not open to you, why, and what would change it."""
        mine = quests_for(self.worker(request).pk, now=database_now())
        on_offer = mine.filter(status__in=ON_OFFER)
        rows = pagination.narrow_rows(on_offer, self.read_query(request))
        page, cursor = pagination.read_page(rows.values("id", "created_at"), request.query_params)
        found = Quest.objects.select_related("platform").in_bulk([row["id"] for row in page])
        quests = [found[row["id"]] for row in page]
        offers = offers_to(self.worker(request), quests, now=database_now())
        return json_response(200, {"items": [_offer_as_json(offer) for offer in offers], "next": cursor})


def _offer_as_json(offer: Offer) -> dict[str, Any]:
    quest = offer.quest
    return {
        **{name: getattr(quest, name) for name in OFFER_COLUMNS},
        "platform_name": quest.platform.name if quest.platform else None,
        "used": offer.used,
        "is_open_to_me": not offer.obstacles,
        "obstacles": [
            {"code": one.code, "message": one.message, "numbers": one.numbers} for one in offer.obstacles
        ],
        "reservation": _reservation_as_json(offer.reservation) if offer.reservation else None,
    }


def _reservation_as_json(reservation: Reservation) -> dict[str, Any]:
    return {name: getattr(reservation, name) for name in RESERVATION_COLUMNS}


class MyQuestView(MyView):
    """Base view of what a worker does in a quest: `me/quests/{id}/…`."""

    def require_quest(self, request: Request, quest_id: UUID) -> None:
        """Raise Http404 for a quest that is not there for the worker: an attempt on it leaves no record."""
        if not quests_for(self.worker(request).pk, now=database_now()).filter(pk=quest_id).exists():
            raise Http404


class Reserve(MyQuestView):
    """`me/quests/{id}/reserve`."""

    moves_money = True
    endpoints = {"POST": Endpoint("reserve_in_quest", ReservationRow, takes=NothingForm, status=201)}

    def post(self, request: Request, quest_id: UUID) -> HttpResponse:
        """Keep a place of the quest, with its money, until the lease is over."""
        self.read(request)
        worker = self.worker(request)
        self.require_quest(request, quest_id)

        def act() -> tuple[int, Any]:
            reservation = services.reserve_place(quest_id=quest_id, worker_id=worker.pk)
            return 201, _reservation_as_json(reservation)

        return self.perform(request, act)


class Claim(MyQuestView):
    """`me/quests/{id}/claim`."""

    moves_money = True
    endpoints = {"POST": Endpoint("claim_quest", MyClaim, takes=ClaimForm, may_wait=True)}

    def post(self, request: Request, quest_id: UUID) -> HttpResponse:
        """Claim the reward for your act. 202 says that it is on record and is granted within a second or
        so: `me/rewards` shows it."""
        given = self.read(request)
        worker = self.worker(request)
        self.require_quest(request, quest_id)

        def act() -> tuple[int, Any]:
            result = services.claim_reward(quest_id=quest_id, worker_id=worker.pk, **given)
            status = 202 if result.state == QuestEventStatus.RECEIVED else 200
            return status, {**_event_as_json(result.row), "replayed": result.replayed}

        return self.perform(request, act)


def _event_as_json(event: QuestEvent) -> dict[str, Any]:
    """Return the event as its worker sees it, from the row at hand: others wait for the claim's commit."""
    columns = (name for name in REWARD_COLUMNS if name != "quest_title")
    return {**{name: getattr(event, name) for name in columns}, "quest_title": event.quest.title}


def _own_events(worker_id: UUID) -> Any:
    events = QuestEvent.objects.filter(worker=worker_id).annotate(quest_title=F("quest__title"))
    return events.values(*REWARD_COLUMNS)


class MyRewards(MyView):
    """`me/rewards`."""

    query = MyRewardQuery
    endpoints = {"GET": Endpoint("list_my_rewards", MyRewardRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List your events of quests, newest first, with their rewards and the payouts that carry them."""
        rows = pagination.narrow_rows(_own_events(self.worker(request).pk), self.read_query(request))
        page, cursor = pagination.read_page(
            rows.values(*REWARD_COLUMNS, "entry_id"), request.query_params, order=("-id",)
        )
        hashes = hashes_of([row["entry_id"] for row in page if row["entry_id"]])
        items = [
            {**{name: row[name] for name in REWARD_COLUMNS}, "tx_hashes": hashes.get(row["entry_id"], [])}
            for row in page
        ]
        return json_response(200, {"items": items, "next": cursor})
