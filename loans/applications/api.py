"""A worker's own earnings, risk and advances over the API."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import (
    Amount,
    Choice,
    Id,
    Instant,
    ReferenceText,
    StrictSerializer,
    Text,
    Whole,
    YesNo,
)
from gigstream.api.pagination import narrow_rows
from gigstream.api.schema.describing import describe_rows
from gigstream.api.views import json_response
from gigstream.core.clock import database_now
from gigstream.core.postgres.reports import row_columns
from loans.applications import services
from loans.applications.enums import LoanStatus
from loans.models import Loan
from loans.policy.api import _besides_worker
from loans.policy.reports import LoanRepaymentStatus
from loans.policy.selectors.offers import assess_credit
from loans.repayment import services as repayment_services
from workers.sign_in.views import MyView, PeriodQuery

ADVANCE_COLUMNS = (
    "id",
    "reference",
    "created_at",
    "status",
    "amount",
    "fee",
    "fee_bps",
    "total_due",
    "terms",
    "terms_hash",
    "terms_accepted_at",
    "amount_repaid",
    "amount_written_off",
    "requested_at",
    "approved_at",
    "disbursed_at",
    "repayment_due",
    "repaid_at",
    "defaulted_at",
    "cancelled_at",
    "rejection_reason",
    "told_platform_id",
)


AdvanceRow = describe_rows("AdvanceRow", Loan, ADVANCE_COLUMNS)


Progress = describe_rows("AdvanceProgress", LoanRepaymentStatus, _besides_worker(LoanRepaymentStatus))


class OfferQuery(StrictSerializer):
    amount = Amount(required=False, help_text="the advance, in USDC; the largest without it")


class OfferAnswer(serializers.Serializer):
    """The terms of one advance, to be accepted by their hash."""

    amount = Amount()
    fee = Amount(allow_zero=True)
    fee_bps = Whole(help_text="in hundredths of a percent")
    total_due = Amount()
    instalment = Amount(help_text="repaid of an earning at most, and never more than half of it")
    term_days = Whole(help_text="from the day the advance is paid out to the day it is due")
    repayment_due = Instant(help_text="if it were paid out now")
    approved_at_once = YesNo(help_text="or else staff decide")
    terms = Text(help_text="word for word")
    terms_hash = Text(help_text="SHA-256 of `terms` in UTF-8, which a request accepts")


class Offer(MyView):
    """`me/advances/offer`: the exact terms of an advance of some amount."""

    query = OfferQuery
    endpoints = {"GET": Endpoint("get_my_offer", OfferAnswer, may_be_refused=True)}

    def get(self, request: Request) -> HttpResponse:
        now = database_now()
        assessment = assess_credit(self.worker(request).pk, now)
        terms = assessment.offer(self.read_query(request).get("amount"))
        return json_response(
            200,
            {
                "amount": terms.amount,
                "fee": terms.fee,
                "fee_bps": terms.fee_bps,
                "total_due": terms.total_due,
                "instalment": terms.instalment,
                "term_days": terms.term_days,
                "repayment_due": now + timedelta(days=terms.term_days),
                "approved_at_once": assessment.is_automatic(terms.amount),
                "terms": terms.text,
                "terms_hash": terms.hash,
            },
        )


class AdvanceQuery(PeriodQuery):
    status = Choice(choices=LoanStatus.values, required=False)
    reference = ReferenceText(required=False)


class AdvanceForm(StrictSerializer):
    amount = Amount(help_text="the advance, in USDC; its fee is owed on top")
    terms_hash = Text(
        min_length=64, max_length=64, help_text="the `terms_hash` of the offer that the worker accepts"
    )
    tell_platform = Id(
        required=False,
        help_text="a platform you work or have worked for, which then hears how this advance goes on; "
        "without it none does",
    )


class RepaymentForm(StrictSerializer):
    amount = Amount(required=False, help_text="in USDC; all that is owed without it")


class WithdrawForm(StrictSerializer):
    reason = Text(max_length=500, required=False, allow_blank=True)


class AdvanceView(MyView):
    """The worker's own advances."""

    def own(self, request: Request) -> QuerySet[Loan, dict[str, Any]]:
        return Loan.objects.filter(worker=self.worker(request)).values(*ADVANCE_COLUMNS)

    def own_one(self, request: Request, loan_id: UUID) -> dict[str, Any]:
        loan = self.own(request).filter(pk=loan_id).first()
        if loan is None:
            raise Http404
        return loan


class MyAdvances(AdvanceView):
    """`me/advances`: list and request advances."""

    query = AdvanceQuery
    moves_money = True
    endpoints = {
        "GET": Endpoint("list_my_advances", AdvanceRow, listed=True),
        "POST": Endpoint("request_my_advance", AdvanceRow, takes=AdvanceForm, status=201),
    }

    def get(self, request: Request) -> HttpResponse:
        return self.paged(request, narrow_rows(self.own(request), self.read_query(request)))

    def post(self, request: Request) -> HttpResponse:
        given = self.read(request)

        def act() -> tuple[int, Any]:
            loan = services.request_advance(worker_id=self.worker(request).pk, **given)
            return 201, self.own_one(request, loan.pk)

        return self.perform(request, act)


class MyAdvance(AdvanceView):
    """`me/advances/{id}`."""

    endpoints = {"GET": Endpoint("get_my_advance", AdvanceRow)}

    def get(self, request: Request, loan_id: UUID) -> HttpResponse:
        return json_response(200, self.own_one(request, loan_id))


class CancelAdvance(AdvanceView):
    """`me/advances/{id}/cancel`: cancel an advance that is not paid out."""

    endpoints = {"POST": Endpoint("cancel_my_advance", AdvanceRow, takes=WithdrawForm)}

    def post(self, request: Request, loan_id: UUID) -> HttpResponse:
        given = self.read(request)
        self.own_one(request, loan_id)

        def act() -> tuple[int, Any]:
            services.cancel_loan(loan_id=loan_id, **given)
            return 200, self.own_one(request, loan_id)

        return self.perform(request, act)


class RepayAdvance(AdvanceView):
    """`me/advances/{id}/repay`: early, out of available money."""

    moves_money = True
    endpoints = {"POST": Endpoint("repay_my_advance", AdvanceRow, takes=RepaymentForm)}

    def post(self, request: Request, loan_id: UUID) -> HttpResponse:
        given = self.read(request)
        self.own_one(request, loan_id)

        def act() -> tuple[int, Any]:
            repayment_services.repay_early(loan_id=loan_id, **given)
            return 200, self.own_one(request, loan_id)

        return self.perform(request, act)


class AdvanceProgress(MyView):
    """`me/advances/{id}/progress`, as loan_repayment_status_view says it."""

    endpoints = {"GET": Endpoint("get_my_advance_progress", Progress)}

    def get(self, request: Request, loan_id: UUID) -> HttpResponse:
        """Return how far the advance is repaid, and how late it is."""
        row = LoanRepaymentStatus.objects.filter(worker_id=self.worker(request).pk, pk=loan_id).first()
        if row is None:
            raise Http404
        return json_response(200, row_columns(row, besides=("worker_id",)))
