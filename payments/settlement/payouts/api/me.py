"""Payouts and payout schedules for workers over the API."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import Amount, Choice, Id, Instant, ReferenceText, StrictSerializer, Text, Whole
from gigstream.api.pagination import narrow_rows
from gigstream.api.schema.describing import describe_rows
from gigstream.api.views import json_response
from gigstream.core.clock import database_now
from payments import services
from payments.ledger.subjects import STREAM, TASK
from payments.models import PayoutHold, Transaction
from payments.settlement.payouts.enums import PayoutHoldKind, PayoutWait
from payments.settlement.payouts.selectors import MOST_PARTS, payout_parts
from payments.settlement.transactions.api.me import TRANSACTION_COLUMNS
from payments.settlement.transactions.enums import TransactionStatus, TransactionType
from workers.models import Worker
from workers.profiles.enums import PayoutSchedule
from workers.sign_in.views import MyView, PeriodQuery


class OpenHold(serializers.Serializer):
    """Money of the worker that does not leave for now."""

    id = Id()
    reference = Text(help_text="by which people name it")
    created_at = Instant()
    kind = Choice(choices=PayoutHoldKind.values)
    amount = Amount(allow_null=True, help_text="everything where there is none")
    reason = Text()
    expires_at = Instant(allow_null=True, help_text="when it ends by itself")
    payout_id = Id(allow_null=True, help_text="the payout that it came from")


class NextPayoutAnswer(serializers.Serializer):
    """Time of the next payout that comes by itself."""

    at = Instant(allow_null=True, help_text="not by itself where there is none")
    waits_for = Choice(choices=PayoutWait.values)


class CoveredEarning(serializers.Serializer):
    """An earning, or a part of an earning, that a payout carries."""

    earned_at = Instant()
    kind = Text()
    task_id = Id(allow_null=True)
    stream_id = Id(allow_null=True)
    amount = Amount()


_PAYOUT_COLUMNS = (*TRANSACTION_COLUMNS, "cashed_out")


_HELD: dict[str, serializers.Field[Any, Any, Any, Any]] = {
    "held_because": Text(allow_null=True, help_text="why the money that it gave back is held"),
    "held_until": Instant(allow_null=True),
}


MyPayoutRow = describe_rows("MyPayoutRow", Transaction, _PAYOUT_COLUMNS, **_HELD)


MyWholePayout = describe_rows(
    "MyWholePayout",
    Transaction,
    _PAYOUT_COLUMNS,
    **_HELD,
    covers=CoveredEarning(many=True, help_text=f"the oldest {MOST_PARTS}"),
    covers_count=Whole(help_text="how many earnings it carries in all"),
)


HOLD_COLUMNS = ("id", "reference", "created_at", "kind", "amount", "reason", "expires_at", "payout_id")


def hold_as_json(hold: PayoutHold) -> dict[str, Any]:
    """Return an open hold for its worker."""
    return {name: getattr(hold, name) for name in HOLD_COLUMNS}


class ScheduleForm(StrictSerializer):
    """Choice of a payout schedule."""

    payout_schedule = Choice(choices=PayoutSchedule.values)


class MySchedule(serializers.Serializer):
    """Payout schedule of the worker, and the next payout."""

    payout_schedule = Choice(choices=PayoutSchedule.values)
    next_payout = NextPayoutAnswer()


class Schedule(MyView):
    """`me/schedule`."""

    endpoints = {
        "GET": Endpoint("get_my_schedule", MySchedule),
        "PUT": Endpoint("choose_my_schedule", MySchedule, takes=ScheduleForm),
    }

    def get(self, request: Request) -> HttpResponse:
        """Return your payout schedule and the next payout by it."""
        return json_response(200, _schedule_as_json(self.worker(request)))

    def put(self, request: Request) -> HttpResponse:
        """Choose the schedule of your payouts from now on. Money that waits already keeps its age."""
        given = self.read(request)

        def act() -> tuple[int, Any]:
            chosen = PayoutSchedule(given["payout_schedule"])
            worker = services.set_payout_schedule(worker_id=self.worker(request).pk, schedule=chosen)
            return 200, _schedule_as_json(worker)

        return self.perform(request, act)


def _schedule_as_json(worker: Worker) -> dict[str, Any]:
    coming = services.next_payout(worker, services.money_of_worker(worker.pk), now=database_now())
    return {
        "payout_schedule": worker.payout_schedule,
        "next_payout": {"at": coming.at, "waits_for": coming.waits_for},
    }


class MyPayoutQuery(PeriodQuery):
    status = Choice(choices=TransactionStatus.values, required=False)
    reference = ReferenceText(required=False)


class CashOutForm(StrictSerializer):
    amount = Amount(required=False, help_text="everything that is not held when left out")


class MyPayoutView(MyView):
    """Base view for endpoints on a worker's payouts."""

    def own(self, request: Request) -> QuerySet[Transaction, dict[str, Any]]:
        payouts = Transaction.objects.filter(worker=self.worker(request), type=TransactionType.PAYOUT)
        held = PayoutHold.objects.open().filter(payout=OuterRef("pk")).order_by("created_at")
        rows = payouts.annotate(
            held_because=Subquery(held.values("reason")[:1]),
            held_until=Subquery(held.values("expires_at")[:1]),
        )
        return rows.values(*_PAYOUT_COLUMNS, *_HELD)


class MyPayouts(MyPayoutView):
    """`me/payouts`: all of them, and cashing out."""

    query = MyPayoutQuery
    moves_money = True
    endpoints = {
        "GET": Endpoint("list_my_payouts", MyPayoutRow, listed=True),
        "POST": Endpoint("cash_out", MyPayoutRow, takes=CashOutForm, status=201),
    }

    def get(self, request: Request) -> HttpResponse:
        return self.paged(request, narrow_rows(self.own(request), self.read_query(request)))

    def post(self, request: Request) -> HttpResponse:
        given = self.read(request)

        def act() -> tuple[int, Any]:
            payout = services.cash_out(worker_id=self.worker(request).pk, **given)
            return 201, self.own(request).get(pk=payout.pk)

        return self.perform(request, act)


class MyPayout(MyPayoutView):
    """`me/payouts/{id}`, with the earnings that it carries, oldest first."""

    endpoints = {"GET": Endpoint("get_my_payout", MyWholePayout)}

    def get(self, request: Request, payout_id: UUID) -> HttpResponse:
        row = self.own(request).filter(pk=payout_id).first()
        if row is None:
            raise Http404
        parts = payout_parts(payout_id)
        covers = [_covered_as_json(part.entry, part.amount) for part in parts]
        return json_response(200, {**row, "covers": covers, "covers_count": parts.total})


def _covered_as_json(entry: Any, amount: Decimal) -> dict[str, Any]:
    return {
        "earned_at": entry.created_at,
        "kind": entry.kind,
        "task_id": entry.subject_id_as(TASK),
        "stream_id": entry.subject_id_as(STREAM),
        "amount": amount,
    }
