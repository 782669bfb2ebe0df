"""Sums of usage, scores, receipts and proofs over the API, for platforms."""

from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.pagination import narrow_rows
from gigstream.api.views import ApiView, json_response
from gigstream.core.clock import database_now
from platforms.catalogue.calculations import engagement_score
from platforms.models import CreatorDay, CreatorProfile, PlatformDay, UsageReceipt, Work, WorkDay
from platforms.usage.api.reports import UsageView
from platforms.usage.api.schemas import (
    CREATOR_DAY_COLUMNS,
    PLATFORM_DAY_COLUMNS,
    RECEIPT_COLUMNS,
    WORK_DAY_COLUMNS,
    CreatorDays,
    DaysQuery,
    KeySet,
    PlatformDays,
    ProofAnswer,
    ReceiptQuery,
    ReceiptRow,
    Score,
    WorkDays,
    days_as_json,
    proof_as_json,
    read_days,
    receipt_as_json,
)
from platforms.usage.calculations.periods import day_of
from platforms.usage.selectors import engagement_of, keys_as_jwks, prove_event

_BY_NUMBER = ("number",)


def days_of_work(work: Work, given: dict[str, Any]) -> dict[str, Any]:
    """Return the days of the work that the query names."""
    first, last = read_days(given, today=day_of(database_now()))
    rows = WorkDay.objects.filter(work=work, day__range=(first, last)).order_by("-day", "creator")
    return days_as_json(
        {"creator_id": row.creator.pk, **{name: getattr(row, name) for name in WORK_DAY_COLUMNS}}
        for row in rows.select_related("creator")
    )


def days_of_creator(creator: CreatorProfile, given: dict[str, Any]) -> dict[str, Any]:
    """Return the days of the creator that the query names."""
    first, last = read_days(given, today=day_of(database_now()))
    rows = CreatorDay.objects.filter(creator=creator, day__range=(first, last)).order_by("-day")
    return days_as_json(rows.values(*CREATOR_DAY_COLUMNS))


def score_as_json(creator: CreatorProfile) -> dict[str, Any]:
    """Return the creator's score of today, its parts and what they follow from."""
    inputs = engagement_of(creator, today=day_of(database_now()))
    score = engagement_score(inputs)
    return {
        "score": str(score.total),
        "parts": {name: str(part) for name, part in score.parts().items()},
        "inputs": {
            "plays": inputs.plays,
            "followers": inputs.followers,
            "likes": inputs.likes,
            "comments": inputs.comments,
            "works": inputs.works,
        },
    }


class UsageDays(UsageView):
    """`usage/days`."""

    query = DaysQuery
    endpoints = {"GET": Endpoint("list_usage_days", PlatformDays)}

    def get(self, request: Request) -> HttpResponse:
        """Return the sums of your works by UTC day, newest first."""
        first, last = read_days(self.read_query(request), today=day_of(database_now()))
        rows = PlatformDay.objects.filter(platform=self.platform, day__range=(first, last)).order_by("-day")
        return json_response(200, days_as_json(rows.values(*PLATFORM_DAY_COLUMNS)))


class WorkUsage(UsageView):
    """`works/{id}/days`."""

    query = DaysQuery
    endpoints = {"GET": Endpoint("list_work_days", WorkDays)}

    def own(self) -> QuerySet[Work]:
        return Work.objects.filter(platform=self.platform)

    def get(self, request: Request, work_id: UUID) -> HttpResponse:
        """Return the sums of a work by UTC day, newest first."""
        given = self.read_query(request)
        return json_response(200, days_of_work(self.own_one(pk=work_id), given))


class CreatorUsageView(UsageView):
    """Base view of the usage of a platform's creator."""

    def own(self) -> QuerySet[CreatorProfile]:
        return CreatorProfile.objects.filter(platform=self.platform)


class CreatorUsage(CreatorUsageView):
    """`creators/{id}/days`."""

    query = DaysQuery
    endpoints = {"GET": Endpoint("list_creator_days", CreatorDays)}

    def get(self, request: Request, creator_id: UUID) -> HttpResponse:
        """Return the sums of a creator's works by UTC day, newest first."""
        given = self.read_query(request)
        return json_response(200, days_of_creator(self.own_one(pk=creator_id), given))


class CreatorScore(CreatorUsageView):
    """`creators/{id}/score`."""

    endpoints = {"GET": Endpoint("get_creator_score", Score)}

    def get(self, request: Request, creator_id: UUID) -> HttpResponse:
        """Return a creator's engagement score of today with its parts."""
        return json_response(200, score_as_json(self.own_one(pk=creator_id)))


class Receipts(UsageView):
    """`usage/receipts`."""

    query = ReceiptQuery
    endpoints = {"GET": Endpoint("list_usage_receipts", ReceiptRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List your receipts by number, from any number on."""
        own = UsageReceipt.objects.filter(platform=self.platform)
        rows = narrow_rows(own, self.read_query(request), columns={"after": "number__gt"})
        columns = rows.values(*RECEIPT_COLUMNS, "platform_id", kid=F("key__name"))
        return self.paged(request, columns, show=_receipt_row, order=_BY_NUMBER)


def _receipt_row(row: dict[str, Any]) -> dict[str, Any]:
    return {**{name: value for name, value in row.items() if name != "kid"}, "key_id": row["kid"]}


class OneReceipt(UsageView):
    """`usage/receipts/{number}`."""

    endpoints = {"GET": Endpoint("get_usage_receipt", ReceiptRow)}

    def own(self) -> QuerySet[UsageReceipt]:
        return UsageReceipt.objects.filter(platform=self.platform).select_related("key")

    def get(self, request: Request, number: int) -> HttpResponse:
        """Return a receipt."""
        return json_response(200, receipt_as_json(self.own_one(number=number)))


class EventProof(UsageView):
    """`usage/events/{number}/proof`."""

    endpoints = {"GET": Endpoint("prove_usage_event", ProofAnswer, may_be_refused=True)}

    def get(self, request: Request, number: int) -> HttpResponse:
        """Prove that an event stands under the root of a receipt."""
        return json_response(200, proof_as_json(prove_event(self.platform, number)))


class Keys(ApiView):
    """`usage/keys`."""

    endpoints = {"GET": Endpoint("list_usage_keys", KeySet)}

    def get(self, request: Request) -> HttpResponse:
        """Return the public keys of all receipts. Anybody may read them."""
        return json_response(200, keys_as_jwks())
