"""A platform's quests over the API."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import NothingForm
from gigstream.api.pagination import narrow_rows
from gigstream.api.views import RowCommand, json_response
from gigstream.core.clock import database_now
from gigstream.core.errors import Refusal
from platforms.platforms.views import PlatformView
from platforms.tasks.api.batches import BatchView, Result
from reputation.models import Quest, QuestEvent
from reputation.quests import services
from reputation.quests.api.schemas import (
    EVENT_COLUMNS,
    QUEST_COLUMNS,
    FundForm,
    QuestChangeForm,
    QuestEventQuery,
    QuestEventResults,
    QuestEventRow,
    QuestFigures,
    QuestForm,
    QuestQuery,
    QuestReportForm,
    QuestReportsForm,
    QuestRow,
    quest_as_json,
    quest_event_as_json,
)
from reputation.quests.enums import QuestEventStatus
from reputation.quests.selectors import figures_of
from reputation.quests.services import FactResult, QuestTerms, Report

NEWEST = ("-id",)


class QuestView(PlatformView):
    """Base view of a platform's own quests."""

    resource = "quests"

    def own(self) -> QuerySet[Quest]:
        return Quest.objects.filter(platform=self.platform)


class Quests(QuestView):
    """`quests`."""

    query = QuestQuery
    endpoints = {
        "GET": Endpoint("list_quests", QuestRow, listed=True),
        "POST": Endpoint("create_quest", QuestRow, takes=QuestForm, status=201),
    }

    def get(self, request: Request) -> HttpResponse:
        """List the platform's quests, newest first."""
        rows = narrow_rows(self.own(), self.read_query(request))
        return self.paged(request, rows.values(*QUEST_COLUMNS))

    def post(self, request: Request) -> HttpResponse:
        """Draft a quest. It is funded and opened next."""
        terms = QuestTerms(**self.read(request))

        def act() -> tuple[int, Any]:
            quest = services.create_quest(platform_id=self.platform.pk, terms=terms)
            return 201, quest_as_json(Quest.objects.get(pk=quest.pk))

        return self.perform(request, act)


class OneQuest(QuestView):
    """`quests/{id}`."""

    endpoints = {
        "GET": Endpoint("get_quest", QuestRow),
        "PATCH": Endpoint("change_quest", QuestRow, takes=QuestChangeForm),
    }

    def get(self, request: Request, quest_id: UUID) -> HttpResponse:
        """Return a quest of the platform."""
        return json_response(200, quest_as_json(self.own_one(pk=quest_id)))

    def patch(self, request: Request, quest_id: UUID) -> HttpResponse:
        """Change terms of a quest. Events keep the reward that held when they were received."""
        changes = self.read(request)
        quest = self.own_one(pk=quest_id)

        def act() -> tuple[int, Any]:
            services.change_quest(quest_id=quest.pk, changes=changes)
            return 200, quest_as_json(Quest.objects.get(pk=quest.pk))

        return self.perform(request, act)


class QuestCommand(QuestView, RowCommand):
    """Base view of `quests/{id}/…`: a command on a quest, answered with the quest as it is then."""

    row_id = "quest_id"
    as_json = staticmethod(quest_as_json)


class Fund(QuestCommand):
    """Add to the budget. USDC is held with the fee on it."""

    endpoints = {"POST": Endpoint("fund_quest", QuestRow, takes=FundForm)}
    service = staticmethod(services.fund_quest)


class Open(QuestCommand):
    """Open the quest, or go on with it after a pause."""

    endpoints = {"POST": Endpoint("open_quest", QuestRow, takes=NothingForm)}
    service = staticmethod(services.open_quest)


class Pause(QuestCommand):
    """Pause the quest: it takes no new events until it is opened again."""

    endpoints = {"POST": Endpoint("pause_quest", QuestRow, takes=NothingForm)}
    service = staticmethod(services.pause_quest)


class Close(QuestCommand):
    """Close the quest for good. The free part of the budget goes back."""

    endpoints = {"POST": Endpoint("close_quest", QuestRow, takes=NothingForm)}
    service = staticmethod(services.close_quest)


class Figures(QuestView):
    """`quests/{id}/figures`."""

    endpoints = {"GET": Endpoint("get_quest_figures", QuestFigures)}

    def get(self, request: Request, quest_id: UUID) -> HttpResponse:
        """Return the numbers of the quest's events and the sums of its rewards."""
        return json_response(200, figures_of(self.own_one(pk=quest_id), now=database_now()))


class QuestEvents(QuestView, BatchView):
    """`quests/{id}/events`."""

    resource = "quests"
    moves_money = True
    query = QuestEventQuery
    endpoints = {
        "GET": Endpoint("list_quest_events", QuestEventRow, listed=True),
        "POST": Endpoint("report_quest_events", QuestEventResults, takes=QuestReportsForm),
    }

    def get(self, request: Request, quest_id: UUID) -> HttpResponse:
        """List the events of a quest, newest first."""
        events = QuestEvent.objects.filter(quest=self.own_one(pk=quest_id))
        rows = narrow_rows(events, self.read_query(request))
        return self.paged(request, rows.values(*EVENT_COLUMNS), order=NEWEST)

    def post(self, request: Request, quest_id: UUID) -> HttpResponse:
        """Report up to 1000 acts of workers. A repeated report changes nothing and gets the first result."""
        items = self.read(request)["events"]
        quest = self.own_one(pk=quest_id)

        def report(read: list[dict[str, Any]]) -> list[Result]:
            reports = [Report(**item) for item in read]
            results = services.report_events(quest_id=quest.pk, platform_id=self.platform.pk, reports=reports)
            known = QuestEvent.objects.in_bulk([one.event_id for one in results if one.event_id])
            return [_result_of(one, known) for one in results]

        return self.answer_each(request, QuestReportForm, items, report)


def _result_of(result: FactResult, known: Mapping[int, QuestEvent]) -> dict[str, Any] | Refusal:
    if result.refusal is not None:
        return result.refusal
    event = known[result.event_id or 0]
    waits = event.status == QuestEventStatus.RECEIVED
    status = 200 if result.replayed else 202 if waits else 201
    return {"status": status, "event": quest_event_as_json(event)}
