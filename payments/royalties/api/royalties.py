"""A platform's pay for use over the API: terms, periods, days, pay and payments."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.urls import path
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.pagination import narrow_rows
from gigstream.api.views import json_response
from payments import services
from payments.models import DailyAccrual, PeriodPay, RoyaltyPayment, RoyaltyPeriod, RoyaltyTerms
from payments.royalties.api.schemas import (
    ACCRUAL_COLUMNS,
    FILTERS,
    PAY_COLUMNS,
    PAYMENT_COLUMNS,
    PERIOD_COLUMNS,
    AccrualRow,
    AccrualsQuery,
    PaymentRow,
    PayRow,
    PaysQuery,
    PeriodRow,
    PeriodsQuery,
    TermsForm,
    TermsRow,
    columns_of,
    terms_as_json,
    with_names,
)
from platforms.platforms.views import PlatformView

NEWEST = ("-id",)


class RoyaltyView(PlatformView):
    """Base view of a platform's royalties."""

    resource = "distributions"


class Terms(RoyaltyView):
    """`royalties/terms`."""

    endpoints = {
        "GET": Endpoint("get_royalty_terms", TermsRow),
        "PUT": Endpoint("set_royalty_terms", TermsRow, takes=TermsForm),
    }

    def get(self, request: Request) -> HttpResponse:
        """Return the terms by which you pay for use; 404 before anything was used or terms were set."""
        terms = RoyaltyTerms.objects.filter(platform=self.platform).first()
        if terms is None:
            raise Http404
        return json_response(200, terms_as_json(terms))

    def put(self, request: Request) -> HttpResponse:
        """Set how often periods end, from which sum on pay leaves, and the days of grace after a period."""
        given = self.read(request)

        def act() -> tuple[int, Any]:
            terms = services.set_royalty_terms(platform_id=self.platform.pk, **given)
            return 200, terms_as_json(terms)

        return self.perform(request, act)


class Periods(RoyaltyView):
    """`royalties/periods`."""

    query = PeriodsQuery
    endpoints = {"GET": Endpoint("list_royalty_periods", PeriodRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List the months or quarters of your royalties, newest first."""
        own = RoyaltyPeriod.objects.filter(platform=self.platform)
        return self.paged(request, narrow_rows(own, self.read_query(request)).values(*PERIOD_COLUMNS))


class OnePeriod(RoyaltyView):
    """`royalties/periods/{id}`."""

    endpoints = {"GET": Endpoint("get_royalty_period", PeriodRow)}

    def own(self) -> QuerySet[RoyaltyPeriod]:
        return RoyaltyPeriod.objects.filter(platform=self.platform)

    def get(self, request: Request, period_id: UUID) -> HttpResponse:
        """Return a month or quarter of your royalties."""
        period = self.own_one(pk=period_id)
        return json_response(200, {name: getattr(period, name) for name in PERIOD_COLUMNS})


class Pays(RoyaltyView):
    """`royalties/pays`."""

    query = PaysQuery
    endpoints = {"GET": Endpoint("list_royalty_pays", PayRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List royalties by creator and period, with the parts that are held, unfunded, carried and paid."""
        own = PeriodPay.objects.filter(period__platform=self.platform)
        rows = narrow_rows(own, self.read_query(request), columns=FILTERS)
        return self.paged(request, rows.values(*columns_of(PAY_COLUMNS)), show=with_names(), order=NEWEST)


class Accruals(RoyaltyView):
    """`royalties/days`."""

    query = AccrualsQuery
    endpoints = {"GET": Endpoint("list_royalty_days", AccrualRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List royalties by creator and day, those accrued last first."""
        own = DailyAccrual.objects.filter(period__platform=self.platform)
        rows = narrow_rows(own, self.read_query(request), columns=FILTERS)
        return self.paged(request, rows.values(*columns_of(ACCRUAL_COLUMNS)), show=with_names(), order=NEWEST)


class Payments(RoyaltyView):
    """`royalties/payments`."""

    query = PaysQuery
    endpoints = {"GET": Endpoint("list_royalty_payments", PaymentRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List the payments for use to creators, newest first, with their fees."""
        own = RoyaltyPayment.objects.filter(pay__period__platform=self.platform)
        columns = {name: f"pay__{FILTERS.get(name, name)}" for name in ("period_id", "creator_id", "source")}
        rows = narrow_rows(own, self.read_query(request), columns=columns)
        show = with_names(creator_id="pay__creator__id", period_id="pay__period_id", source="pay__source")
        read = rows.values(*PAYMENT_COLUMNS, "fee", "pay__creator__id", "pay__period_id", "pay__source")
        return self.paged(request, read, show=show, order=NEWEST)


urlpatterns = [
    path("royalties/terms", Terms.as_view(), name="royalty-terms"),
    path("royalties/periods", Periods.as_view(), name="royalty-periods"),
    path("royalties/periods/<id:period_id>", OnePeriod.as_view(), name="royalty-period"),
    path("royalties/pays", Pays.as_view(), name="royalty-pays"),
    path("royalties/days", Accruals.as_view(), name="royalty-days"),
    path("royalties/payments", Payments.as_view(), name="royalty-payments"),
]
