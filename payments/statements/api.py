"""Monthly statements for workers over the API."""

from typing import Any

from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import Choice, Id, Instant, StrictSerializer, Text, Whole
from gigstream.api.rendering.json import JSONRenderer
from gigstream.api.views import json_response
from gigstream.core.clock import database_now
from payments.ledger.entry_kinds import kind_names
from payments.statements import statement_pdf
from payments.statements.selectors.statements import Line, Money, Statement, Total, month_of, read_statement
from workers.sign_in.views import MyView


class Change(serializers.CharField):
    """A USDC amount with its sign, when it is below zero, and six decimals."""


class StatementMoney(serializers.Serializer):
    """Balances of the accounts."""

    available = Change(help_text="could be cashed out")
    in_transit = Change(help_text="was on its way to the wallet")
    owed = Change(help_text="on an advance")


class StatementChange(serializers.Serializer):
    """Changes of the balances."""

    available = Change()
    in_transit = Change()
    owed = Change()


class StatementLine(serializers.Serializer):
    """A movement; where there are very many, all releases of a stream on a day."""

    at = Instant()
    kind = Choice(choices=kind_names())
    words = Text()
    about = Text(allow_blank=True)
    entries = Whole(help_text="ledger entries in this line")
    change = StatementChange()
    available_after = Change()
    task_id = Id(allow_null=True)
    stream_id = Id(allow_null=True)
    transaction_id = Id(allow_null=True)
    loan_id = Id(allow_null=True)
    quest_id = Id(allow_null=True)
    tx_hash = Text(allow_null=True)


class StatementTotal(serializers.Serializer):
    """Sum of all lines of a kind."""

    kind = Choice(choices=kind_names())
    words = Text()
    entries = Whole()
    change = StatementChange()


class MyStatementAnswer(serializers.Serializer):
    """A month; `closing` is the opening of the next month."""

    month = Text()
    start = Instant()
    end = Instant(help_text="excluded")
    complete = serializers.BooleanField(help_text="whether the month is over")
    opening = StatementMoney()
    lines = StatementLine(many=True)
    totals = StatementTotal(many=True)
    closing = StatementMoney()


class MyStatementQuery(StrictSerializer):
    format = Choice(choices=("json", "pdf"), required=False)


class PdfRenderer(BaseRenderer):
    """Lets `Accept: application/pdf` in; the view makes the file itself."""

    media_type = statement_pdf.MEDIA_TYPE
    format = "pdf"


class MyStatement(MyView):
    """`me/statements/{month}`: a UTC month as in "2026-03", as data or as a PDF."""

    query = MyStatementQuery
    endpoints = {"GET": Endpoint("get_my_statement", MyStatementAnswer)}
    renderer_classes = (JSONRenderer, PdfRenderer)

    def get(self, request: Request, month: str) -> HttpResponse:
        accepted: Any = request.accepted_renderer
        form = self.read_query(request).get("format", accepted.format)
        span = month_of(month)
        now = database_now()
        if span is None or span[0] > now:
            raise Http404
        worker = self.worker(request)
        found = read_statement(worker.pk, *span)
        if form == "pdf":
            file = statement_pdf.as_pdf(found, name=worker.full_name, identity=str(worker.pk), made_at=now)
            return statement_pdf.pdf_response(file, month)
        return json_response(200, {"month": month, "complete": span[1] <= now, **_statement_as_json(found)})


def _statement_as_json(found: Statement) -> dict[str, Any]:
    return {
        "start": found.start,
        "end": found.end,
        "opening": _money_as_json(found.opening),
        "lines": [_line_as_json(line) for line in found.lines],
        "totals": [_total_as_json(total) for total in found.totals],
        "closing": _money_as_json(found.closing),
    }


def _money_as_json(money: Money) -> dict[str, Any]:
    return {"available": money.available, "in_transit": money.in_transit, "owed": money.owed}


def _line_as_json(line: Line) -> dict[str, Any]:
    return {
        "at": line.at,
        "kind": line.kind,
        "words": line.words,
        "about": line.about,
        "entries": line.entries,
        "change": _money_as_json(line.change),
        "available_after": line.after.available,
        "task_id": line.task_id,
        "stream_id": line.stream_id,
        "transaction_id": line.transaction_id,
        "loan_id": line.loan_id,
        "quest_id": line.quest_id,
        "tx_hash": line.tx_hash,
    }


def _total_as_json(total: Total) -> dict[str, Any]:
    return {
        "kind": total.kind,
        "words": total.words,
        "entries": total.entries,
        "change": _money_as_json(total.change),
    }
