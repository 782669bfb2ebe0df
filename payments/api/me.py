"""A worker's own money over the API: balance, streams, payouts, transactions."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from audit.http import json
from gigstream.lib.api import csv
from gigstream.lib.api.describing import described
from gigstream.lib.api.doors import Door
from gigstream.lib.api.fields import Amount, Choice, Id, Instant, NothingForm, StrictSerializer, Text, Whole
from gigstream.lib.api.listing import narrow
from gigstream.lib.api.rendering import JSONRenderer
from gigstream.lib.clock import database_now
from payments import services
from payments.calculations import SECOND, elapsed_seconds, vested
from payments.enums import (
    OPEN_STREAMS,
    AccountName,
    PayoutHoldKind,
    PayoutWait,
    StreamStatus,
    TransactionStatus,
    TransactionType,
)
from payments.errors import ExportTooLarge
from payments.models import Account, PayoutHold, Stream, Transaction
from payments.selectors import MOST_PARTS, payout_parts
from workers.enums import PayoutSchedule
from workers.http import MyView, PeriodQuery
from workers.models import Worker

STREAM_COLUMNS = (
    "id",
    "created_at",
    "task_id",
    "task_title",
    "platform_id",
    "platform_name",
    "status",
    "total_amount",
    "released_amount",
    "remaining_amount",
    "start_at",
    "end_at",
    "duration_seconds",
    "release_interval",
    "next_release_at",
    "paused_at",
    "paused_for",
    "completed_at",
    "cancelled_at",
)
TRANSACTION_COLUMNS = (
    "id",
    "created_at",
    "type",
    "status",
    "amount",
    "platform_id",
    "task_id",
    "stream_id",
    "loan_id",
    "to_wallet",
    "tx_hash",
    "block_number",
    "confirmations",
    "submitted_at",
    "confirmed_at",
    "ended_at",
)
MOST_EXPORTED = 10_000


class BalanceAnswer(serializers.Serializer):
    """A worker's money here."""

    available = Amount(allow_zero=True, help_text="can be cashed out now")
    in_transit = Amount(allow_zero=True, help_text="on its way to the wallet")
    owed = Amount(allow_zero=True, help_text="on an advance")


class OpenHold(serializers.Serializer):
    """Money of the worker that does not leave for now."""

    id = Id()
    created_at = Instant()
    kind = Choice(choices=PayoutHoldKind.values)
    amount = Amount(allow_null=True, help_text="everything where there is none")
    reason = Text()
    expires_at = Instant(allow_null=True, help_text="when it ends by itself")
    payout_id = Id(allow_null=True, help_text="the payout that it came from")


class NextPayoutAnswer(serializers.Serializer):
    """When the next payout comes by itself, as things stand."""

    at = Instant(allow_null=True, help_text="not by itself where there is none")
    waits_for = Choice(choices=PayoutWait.values)


class MyBalance(BalanceAnswer):
    """A worker's money here, what is held of it, and when it leaves."""

    held = Amount(allow_zero=True, help_text="of what is available: does not leave for now")
    holds = OpenHold(many=True)
    payout_schedule = Choice(choices=PayoutSchedule.values)
    next_payout = NextPayoutAnswer()


MyStreamRow = described(
    "MyStreamRow",
    Stream,
    [name for name in STREAM_COLUMNS if name != "paused_for"],
    task_title=Text(),
    platform_name=Text(),
    paused_seconds=Whole(),
    claimable_amount=Amount(allow_zero=True, help_text="what a claim would pay now"),
)


class Claimed(serializers.Serializer):
    """What a claim has paid, and the stream after it."""

    claimed = Amount()
    stream = MyStreamRow()


MyTransactionRow = described("MyTransactionRow", Transaction, TRANSACTION_COLUMNS)


class CoveredEarning(serializers.Serializer):
    """One earning, or the part of one, that a payout carries."""

    earned_at = Instant()
    kind = Text()
    task_id = Id(allow_null=True)
    stream_id = Id(allow_null=True)
    amount = Amount()


_PAYOUT_COLUMNS = (*TRANSACTION_COLUMNS, "cashed_out")
_HELD: dict[str, serializers.Field[Any, Any, Any, Any]] = {
    "held_because": Text(allow_null=True, help_text="why what it gave back is held"),
    "held_until": Instant(allow_null=True),
}
MyPayoutRow = described("MyPayoutRow", Transaction, _PAYOUT_COLUMNS, **_HELD)
MyWholePayout = described(
    "MyWholePayout",
    Transaction,
    _PAYOUT_COLUMNS,
    **_HELD,
    covers=CoveredEarning(many=True, help_text=f"the oldest {MOST_PARTS}"),
    covers_count=Whole(help_text="how many earnings it carries in all"),
)


HOLD_COLUMNS = ("id", "created_at", "kind", "amount", "reason", "expires_at", "payout_id")


def shown_hold(hold: PayoutHold) -> dict[str, Any]:
    """An open hold as the worker sees it."""
    return {name: getattr(hold, name) for name in HOLD_COLUMNS}


def own_balances(worker_id: UUID) -> QuerySet[Account, tuple[str, Decimal]]:
    """What stands on each of the worker's accounts."""
    return Account.objects.filter(worker=worker_id).values_list("name", "balance")


def shown_balance(balances: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """The accounts as their worker sees them."""
    found = dict(balances)
    return {
        "available": found.get(AccountName.AVAILABLE, Decimal(0)),
        "in_transit": found.get(AccountName.IN_TRANSIT, Decimal(0)),
        "owed": -found.get(AccountName.LOAN, Decimal(0)),
    }


class Balance(MyView):
    """`me/balance`: with what is held of it and why, and when the next payout comes."""

    doors = {"GET": Door("get_my_balance", MyBalance)}

    def get(self, request: Request) -> HttpResponse:
        worker = self.worker(request)
        money = services.money_of_worker(worker.pk)
        shown = shown_balance((name, account.balance) for name, account in money.accounts.items())
        coming = services.next_payout(worker, money, now=database_now())
        return json(
            200,
            {
                **shown,
                "held": shown["available"] - money.held.unheld(shown["available"]),
                "holds": [shown_hold(hold) for hold in money.holds],
                "payout_schedule": worker.payout_schedule,
                "next_payout": {"at": coming.at, "waits_for": coming.waits_for},
            },
        )


class ScheduleForm(StrictSerializer):
    """By which schedule to be paid out."""

    payout_schedule = Choice(choices=PayoutSchedule.values)


class MySchedule(serializers.Serializer):
    """By which schedule the worker is paid out, and when that is next."""

    payout_schedule = Choice(choices=PayoutSchedule.values)
    next_payout = NextPayoutAnswer()


class Schedule(MyView):
    """`me/schedule`."""

    doors = {
        "GET": Door("get_my_schedule", MySchedule),
        "PUT": Door("choose_my_schedule", MySchedule, takes=ScheduleForm),
    }

    def get(self, request: Request) -> HttpResponse:
        """When you are paid out by itself."""
        return json(200, _shown_schedule(self.worker(request)))

    def put(self, request: Request) -> HttpResponse:
        """Be paid out by this schedule from now on: what waits already keeps its age."""
        given = self.read(request)

        def act() -> tuple[int, Any]:
            chosen = PayoutSchedule(given["payout_schedule"])
            worker = services.set_payout_schedule(worker_id=self.worker(request).pk, schedule=chosen)
            return 200, _shown_schedule(worker)

        return self.perform(request, act)


def _shown_schedule(worker: Worker) -> dict[str, Any]:
    coming = services.next_payout(worker, services.money_of_worker(worker.pk), now=database_now())
    return {
        "payout_schedule": worker.payout_schedule,
        "next_payout": {"at": coming.at, "waits_for": coming.waits_for},
    }


class MyStreamQuery(PeriodQuery):
    status = Choice(choices=StreamStatus.values, required=False)


class MyStreamView(MyView):
    """Streams that pay the worker."""

    def own(self, request: Request) -> QuerySet[Stream, dict[str, Any]]:
        # Through the tasks, which have an index by worker.
        rows = Stream.objects.filter(task__worker=self.worker(request))
        named = rows.annotate(task_title=F("task__title"), platform_name=F("platform__name"))
        return named.values(*STREAM_COLUMNS, "last_act_at")

    def own_one(self, request: Request, stream_id: UUID) -> dict[str, Any]:
        stream = self.own(request).filter(pk=stream_id).first()
        if stream is None:
            raise Http404
        return shown_stream(stream, database_now())


def shown_stream(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The stream as its worker sees it, with what a claim would pay at `now`."""
    paused_for = row["paused_for"]
    elapsed = elapsed_seconds(
        start_at=row["start_at"],
        paused_for=paused_for,
        duration=row["duration_seconds"],
        at=row["paused_at"] or max(now, row["last_act_at"]),
    )
    earned = vested(row["total_amount"], duration=row["duration_seconds"], elapsed=elapsed)
    claimable = max(earned - row["released_amount"], Decimal(0))
    shown = {name: value for name, value in row.items() if name not in ("paused_for", "last_act_at")}
    shown["paused_seconds"] = paused_for // SECOND
    shown["claimable_amount"] = claimable if row["status"] in OPEN_STREAMS else Decimal(0)
    return shown


class MyStreams(MyStreamView):
    """`me/streams`."""

    query = MyStreamQuery
    doors = {"GET": Door("list_my_streams", MyStreamRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        rows = narrow(self.own(request), self.read_query(request))
        now = database_now()
        return self.paged(request, rows, show=lambda row: shown_stream(row, now))


class MyStream(MyStreamView):
    """`me/streams/{id}`."""

    doors = {"GET": Door("get_my_stream", MyStreamRow)}

    def get(self, request: Request, stream_id: UUID) -> HttpResponse:
        return json(200, self.own_one(request, stream_id))


class Claim(MyStreamView):
    """`me/streams/{id}/claim`: what has vested to the second is available now."""

    moves_money = True
    doors = {"POST": Door("claim_from_my_stream", Claimed, takes=NothingForm)}

    def post(self, request: Request, stream_id: UUID) -> HttpResponse:
        self.read(request)
        self.own_one(request, stream_id)

        def act() -> tuple[int, Any]:
            claimed = services.claim(stream_id=stream_id)
            return 200, {"claimed": claimed, "stream": self.own_one(request, stream_id)}

        return self.perform(request, act)


class MyTransactionQuery(PeriodQuery):
    status = Choice(choices=TransactionStatus.values, required=False)
    type = Choice(choices=TransactionType.values, required=False)
    format = Choice(choices=("json", "csv"), required=False)


class MyPayoutQuery(PeriodQuery):
    status = Choice(choices=TransactionStatus.values, required=False)


class CashOutForm(StrictSerializer):
    amount = Amount(required=False, help_text="everything that is not held when left out")


def own_transactions(worker_id: UUID) -> QuerySet[Transaction, dict[str, Any]]:
    """The only transactions there are for this worker."""
    return Transaction.objects.filter(worker=worker_id).values(*TRANSACTION_COLUMNS)


class MyPayoutView(MyView):
    """What has left, or is leaving, for the worker's wallet."""

    def own(self, request: Request) -> QuerySet[Transaction, dict[str, Any]]:
        payouts = Transaction.objects.filter(worker=self.worker(request), type=TransactionType.PAYOUT)
        held = PayoutHold.objects.open().filter(payout=OuterRef("pk")).order_by("created_at")
        shown = payouts.annotate(
            held_because=Subquery(held.values("reason")[:1]),
            held_until=Subquery(held.values("expires_at")[:1]),
        )
        return shown.values(*_PAYOUT_COLUMNS, *_HELD)


class MyPayouts(MyPayoutView):
    """`me/payouts`: all of them, and cashing out."""

    query = MyPayoutQuery
    moves_money = True
    doors = {
        "GET": Door("list_my_payouts", MyPayoutRow, listed=True),
        "POST": Door("cash_out", MyPayoutRow, takes=CashOutForm, status=201),
    }

    def get(self, request: Request) -> HttpResponse:
        return self.paged(request, narrow(self.own(request), self.read_query(request)))

    def post(self, request: Request) -> HttpResponse:
        given = self.read(request)

        def act() -> tuple[int, Any]:
            payout = services.cash_out(worker_id=self.worker(request).pk, **given)
            return 201, self.own(request).get(pk=payout.pk)

        return self.perform(request, act)


class MyPayout(MyPayoutView):
    """`me/payouts/{id}`, with the earnings that it carries, oldest first."""

    doors = {"GET": Door("get_my_payout", MyWholePayout)}

    def get(self, request: Request, payout_id: UUID) -> HttpResponse:
        shown = self.own(request).filter(pk=payout_id).first()
        if shown is None:
            raise Http404
        parts = payout_parts(payout_id)
        covers = [_part(part.entry, part.amount) for part in parts]
        return json(200, {**shown, "covers": covers, "covers_count": parts.total})


def _part(entry: Any, amount: Decimal) -> dict[str, Any]:
    return {
        "earned_at": entry.created_at,
        "kind": entry.kind,
        "task_id": entry.task_id,
        "stream_id": entry.stream_id,
        "amount": amount,
    }


class CsvRenderer(BaseRenderer):
    """Lets `Accept: text/csv` in; the view writes the file itself."""

    media_type = csv.MEDIA_TYPE
    format = "csv"


class MyTransactions(MyView):
    """`me/transactions`: page by page, or all at once as CSV."""

    query = MyTransactionQuery
    doors = {"GET": Door("list_my_transactions", MyTransactionRow, listed=True)}
    renderer_classes = (JSONRenderer, CsvRenderer)

    def get(self, request: Request) -> HttpResponse:
        narrowed = self.read_query(request)
        accepted: Any = request.accepted_renderer
        form = narrowed.pop("format", accepted.format)
        rows = narrow(own_transactions(self.worker(request).pk), narrowed)
        return self._as_csv(rows) if form == "csv" else self.paged(request, rows)

    def _as_csv(self, rows: QuerySet[Transaction, dict[str, Any]]) -> HttpResponse:
        found = list(rows.order_by("-created_at", "-pk")[: MOST_EXPORTED + 1])
        if len(found) > MOST_EXPORTED:
            raise ExportTooLarge(
                f"more than {MOST_EXPORTED} rows: narrow them by created_from and created_to",
                most=MOST_EXPORTED,
            )
        table = ([row[name] for name in TRANSACTION_COLUMNS] for row in found)
        return csv.answer(TRANSACTION_COLUMNS, table, name="transactions")
