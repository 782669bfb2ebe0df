"""A creator's own pay for use over the API."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import path
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.pagination import narrow_rows
from gigstream.api.views import json_response
from gigstream.core.money import from_micro
from payments.models import DailyAccrual, DistributionShare, PeriodPay, PoolMember, Statement
from payments.royalties.api.schemas import (
    ACCRUAL_COLUMNS,
    FILTERS,
    LEFT_OUT_COLUMNS,
    MEMBER_COLUMNS,
    PAY_COLUMNS,
    SHARE_COLUMNS,
    STATEMENT_COLUMNS,
    AccrualRow,
    AccrualsQuery,
    LeftOutQuery,
    LeftOutRow,
    MyMemberRow,
    MyPayRow,
    MyShareRow,
    PaysQuery,
    StatementRow,
    WholeStatement,
    columns_of,
    with_names,
)
from payments.royalties.calculations.pools import Holding, settle
from payments.royalties.enums import DistributionStatus, ShareMode
from payments.royalties.selectors import findings_with_worth
from platforms.usage.calculations.periods import HELD_AT_MOST
from platforms.usage.enums import FindingStatus
from workers.sign_in.views import MyView, PeriodQuery

NEWEST = ("-id",)
_PERIOD = {
    "first": "period__first",
    "last": "period__last",
    "platform_id": "period__platform_id",
    "platform_name": "period__platform__name",
}
_STATEMENT_FORMULA = (
    "Each line is (plays - plays_refused) * rate, and accrued is their sum. accrued + sales = paid + carried"
    " + unfunded + held, but for the parts of payments that made up for a remainder. pro_rata is your part of"
    " all pay for plays in the period by your part of all plays, user_centric by that of each listener's;"
    " it is empty if listeners of the period were no longer known."
)
_SHARE_FORMULAS = {
    ShareMode.PRO_RATA: "weight = your plays without artificial ones; amount = sum * weight / total_weight",
    ShareMode.USER_CENTRIC: "weight = the sum over your listeners of 10^18 * their plays of yours / all their"
    " plays, each rounded down; amount = sum * weight / total_weight",
}


class MyRoyalties(MyView):
    """`me/royalties`."""

    query = PaysQuery
    endpoints = {"GET": Endpoint("list_my_royalties", MyPayRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List your royalties by period, with the parts that are held, unfunded, carried and paid."""
        own = PeriodPay.objects.filter(creator__worker=self.worker(request))
        rows = narrow_rows(own, self.read_query(request), columns=FILTERS)
        read = rows.values(*columns_of(PAY_COLUMNS, *_PERIOD.values()))
        return self.paged(request, read, show=with_names(**_PERIOD), order=NEWEST)


class MyDays(MyView):
    """`me/royalties/days`."""

    query = AccrualsQuery
    endpoints = {"GET": Endpoint("list_my_royalty_days", AccrualRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List your royalties by day, those accrued last first."""
        own = DailyAccrual.objects.filter(creator__worker=self.worker(request))
        rows = narrow_rows(own, self.read_query(request), columns=FILTERS)
        return self.paged(request, rows.values(*columns_of(ACCRUAL_COLUMNS)), show=with_names(), order=NEWEST)


class MyLeftOut(MyView):
    """`me/royalties/left-out`."""

    query = LeftOutQuery
    endpoints = {"GET": Endpoint("list_my_left_out_royalties", LeftOutRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List the pay of plays that rules take for artificial, why, and when it is paid, newest first."""
        own = findings_with_worth().filter(creator__worker=self.worker(request))
        rows = narrow_rows(own, self.read_query(request), columns=FILTERS)
        read = rows.values(*LEFT_OUT_COLUMNS, "amount")
        return self.paged(request, read, show=_left_out_as_json, order=("-found_at", "-id"))


def _left_out_as_json(row: dict[str, Any]) -> dict[str, Any]:
    paid_from = row["found_at"] + HELD_AT_MOST if row["status"] == FindingStatus.HELD else None
    return {**row, "paid_from": paid_from}


class MyStatements(MyView):
    """`me/royalties/statements`."""

    query = PeriodQuery
    endpoints = {"GET": Endpoint("list_my_royalty_statements", StatementRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List your statements of periods, newest first, with your parts under other ways of sharing."""
        own = Statement.objects.filter(creator__worker=self.worker(request))
        rows = narrow_rows(own, self.read_query(request))
        read = rows.values(*columns_of(STATEMENT_COLUMNS, *_PERIOD.values()))
        return self.paged(request, read, show=with_names(**_PERIOD))


class MyRoyaltyStatement(MyView):
    """`me/royalties/statements/{id}`."""

    endpoints = {"GET": Endpoint("get_my_royalty_statement", WholeStatement)}

    def get(self, request: Request, statement_id: UUID) -> HttpResponse:
        """Return a statement with its lines by work and rate, and how the amounts follow."""
        own = Statement.objects.filter(creator__worker=self.worker(request), pk=statement_id)
        row = own.values(*columns_of(STATEMENT_COLUMNS, *_PERIOD.values(), "lines")).first()
        if row is None:
            raise Http404
        return json_response(200, {**with_names(**_PERIOD)(row), "formula": _STATEMENT_FORMULA})


class MyDistributions(MyView):
    """`me/distributions`."""

    endpoints = {"GET": Endpoint("list_my_distribution_shares", MyShareRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List your shares of distributions that were approved, newest first, and how they follow."""
        own = DistributionShare.objects.filter(
            creator__worker=self.worker(request),
            distribution__status__in=[DistributionStatus.APPROVED, DistributionStatus.PAID],
        )
        names = {name: column.replace("period__", "distribution__") for name, column in _PERIOD.items()}
        names |= {"status": "distribution__status", "mode": "distribution__mode"}
        show = with_names(**names)
        read = own.values(*columns_of(SHARE_COLUMNS, "weight", *names.values()))
        return self.paged(request, read, show=lambda row: _with_formula(show(row)), order=NEWEST)


def _with_formula(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "formula": _SHARE_FORMULAS[ShareMode(row.pop("mode"))]}


class MyPools(MyView):
    """`me/pools`."""

    endpoints = {"GET": Endpoint("list_my_pools", MyMemberRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List the pools that you hold units of, or held some, with the sum that is due now."""
        own = PoolMember.objects.filter(creator__worker=self.worker(request))
        names = {
            "platform_id": "pool__platform_id",
            "platform_name": "pool__platform__name",
            "pool_name": "pool__name",
            "index": "pool__index",
        }
        show = with_names(**names)
        read = own.values(*columns_of(MEMBER_COLUMNS, "pool_id", "index_at", "fraction", *names.values()))
        return self.paged(request, read, show=lambda row: _with_due(show(row)), order=NEWEST)


def _with_due(row: dict[str, Any]) -> dict[str, Any]:
    index_at, fraction, index = (int(row.pop(name)) for name in ("index_at", "fraction", "index"))
    due, _ = settle(Holding(row["units"], index_at, fraction), index)
    return {**row, "due": from_micro(due)}


urlpatterns = [
    path("me/royalties", MyRoyalties.as_view(), name="me-royalties"),
    path("me/royalties/days", MyDays.as_view(), name="me-royalty-days"),
    path("me/royalties/left-out", MyLeftOut.as_view(), name="me-royalties-left-out"),
    path("me/royalties/statements", MyStatements.as_view(), name="me-royalty-statements"),
    path(
        "me/royalties/statements/<id:statement_id>",
        MyRoyaltyStatement.as_view(),
        name="me-royalty-statement",
    ),
    path("me/distributions", MyDistributions.as_view(), name="me-distributions"),
    path("me/pools", MyPools.as_view(), name="me-pools"),
]
