"""Reports of usage and their corrections over the API, for platforms."""

from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.views import json_response
from platforms import services
from platforms.models import UsageCorrection
from platforms.platforms.views import PlatformView
from platforms.services import Amendment, EventRef
from platforms.usage.api.bodies import UsageBody, UsageJSONParser, UsageLinesParser, items_of
from platforms.usage.api.schemas import (
    CORRECTION_COLUMNS,
    AmendForm,
    BackfillForm,
    BackfillOutcome,
    CorrectionRow,
    RevertForm,
    UsageForm,
    UsageOutcome,
    VoidForm,
    WholeCorrection,
    correction_as_json,
    result_as_json,
)


class UsageView(PlatformView):
    """Base view of a platform's usage."""

    resource = "usage"


class ReportUsage(UsageView):
    """`usage`."""

    parser_classes = (UsageJSONParser, UsageLinesParser)
    endpoints = {"POST": Endpoint("report_usage", UsageOutcome, takes=UsageForm)}

    def post(self, request: Request) -> HttpResponse:
        """Report up to 5,000 events of use. An event that is on record changes nothing; a refused event does
        not affect the others."""
        data: Any = request.data
        if isinstance(data, UsageBody):
            self.body_was_read = True
        items = items_of(data, None if isinstance(data, UsageBody) else self.read(request))

        def act() -> tuple[int, Any]:
            return 200, result_as_json(services.report_usage(platform_id=self.platform.pk, items=items))

        return self.perform(request, act)


class CorrectionView(UsageView):
    """Base view of a platform's corrections."""

    moves_money = True

    def own(self) -> QuerySet[UsageCorrection]:
        return UsageCorrection.objects.filter(platform=self.platform).select_related("receipt")


class Corrections(CorrectionView):
    """`usage/corrections`."""

    endpoints = {"GET": Endpoint("list_usage_corrections", CorrectionRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List your corrections, newest first."""
        rows = self.own().values(*CORRECTION_COLUMNS, receipt_number=F("receipt__number"))
        return self.paged(request, rows)


class OneCorrection(CorrectionView):
    """`usage/corrections/{id}`."""

    endpoints = {"GET": Endpoint("get_usage_correction", WholeCorrection)}

    def get(self, request: Request, correction_id: UUID) -> HttpResponse:
        """Return a correction with what it changed by creator and day."""
        return json_response(200, correction_as_json(self.own_one(pk=correction_id)))


class VoidUsage(CorrectionView):
    """`usage/corrections/void`."""

    parser_classes = (UsageJSONParser,)
    endpoints = {"POST": Endpoint("void_usage", WholeCorrection, takes=VoidForm, status=201)}

    def post(self, request: Request) -> HttpResponse:
        """Have events count no longer, all or none."""
        given = self.read(request)
        events = [EventRef(one["number"], one["occurred_at"]) for one in given["events"]]

        def act() -> tuple[int, Any]:
            made = services.void_usage(platform_id=self.platform.pk, events=events, reason=given["reason"])
            return 201, correction_as_json(made)

        return self.perform(request, act)


class AmendUsage(CorrectionView):
    """`usage/corrections/amend`."""

    parser_classes = (UsageJSONParser,)
    endpoints = {"POST": Endpoint("amend_usage", WholeCorrection, takes=AmendForm, status=201)}

    def post(self, request: Request) -> HttpResponse:
        """Have events say something else, all or none: another time, other seconds, another amount."""
        given = self.read(request)
        changes = [Amendment(**one) for one in given["events"]]

        def act() -> tuple[int, Any]:
            made = services.amend_usage(
                platform_id=self.platform.pk, amendments=changes, reason=given["reason"]
            )
            return 201, correction_as_json(made)

        return self.perform(request, act)


class BackfillUsage(CorrectionView):
    """`usage/corrections/backfill`."""

    parser_classes = (UsageJSONParser,)
    endpoints = {"POST": Endpoint("backfill_usage", BackfillOutcome, takes=BackfillForm)}

    def post(self, request: Request) -> HttpResponse:
        """Report events older than 35 days, which are judged as others are. Likes are not reported late."""
        given = self.read(request)
        items = items_of(request.data, given)

        def act() -> tuple[int, Any]:
            correction, result = services.backfill_usage(
                platform_id=self.platform.pk, items=items, reason=given["reason"]
            )
            made = None if correction is None else correction_as_json(correction)
            return 200, {**result_as_json(result), "correction": made}

        return self.perform(request, act)


class RevertCorrection(CorrectionView):
    """`usage/corrections/{id}/revert`."""

    endpoints = {"POST": Endpoint("revert_usage_correction", WholeCorrection, takes=RevertForm, status=201)}

    def post(self, request: Request, correction_id: UUID) -> HttpResponse:
        """Have count again what counted before a correction."""
        reason = self.read(request)["reason"]
        former = self.own_one(pk=correction_id)

        def act() -> tuple[int, Any]:
            made = services.revert_correction(
                platform_id=self.platform.pk, correction_id=former.pk, reason=reason
            )
            return 201, correction_as_json(made)

        return self.perform(request, act)
