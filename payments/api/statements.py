"""A worker's own statement of a month."""

from typing import Any

from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from audit.http import json
from gigstream.lib.api.doors import Door
from gigstream.lib.api.fields import Choice, Id, Instant, StrictSerializer, Text, Whole
from gigstream.lib.api.rendering import JSONRenderer
from gigstream.lib.clock import database_now
from payments import statement_pdf
from payments.enums import EntryKind
from payments.statements import Line, Money, Statement, Total, month_of, statement
from workers.http import MyView


class Change(serializers.CharField):
    """A USDC amount with its sign, when it is below zero, and six decimals."""


class StatementMoney(serializers.Serializer):
    """What stood on the accounts."""

    available = Change(help_text="could be cashed out")
    in_transit = Change(help_text="was on its way to the wallet")
    owed = Change(help_text="on an advance")


class StatementChange(serializers.Serializer):
    """How the accounts changed."""

    available = Change()
    in_transit = Change()
    owed = Change()


class StatementLine(serializers.Serializer):
    """One movement; where there are very many, all releases of a stream on one day."""

    at = Instant()
    kind = Choice(choices=EntryKind.values)
    words = Text()
    about = Text(allow_blank=True)
    entries = Whole(help_text="ledger entries in this line")
    change = StatementChange()
    available_after = Change()
    task_id = Id(allow_null=True)
    stream_id = Id(allow_null=True)
    transaction_id = Id(allow_null=True)
    loan_id = Id(allow_null=True)
    tx_hash = Text(allow_null=True)


class StatementTotal(serializers.Serializer):
    """All lines of one kind."""

    kind = Choice(choices=EntryKind.values)
    words = Text()
    entries = Whole()
    change = StatementChange()


class MyStatementAnswer(serializers.Serializer):
    """A month; `closing` is the opening of the next one."""

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
    doors = {"GET": Door("get_my_statement", MyStatementAnswer)}
    renderer_classes = (JSONRenderer, PdfRenderer)

    def get(self, request: Request, month: str) -> HttpResponse:
        accepted: Any = request.accepted_renderer
        form = self.read_query(request).get("format", accepted.format)
        span = month_of(month)
        now = database_now()
        if span is None or span[0] > now:
            raise Http404
        worker = self.worker(request)
        found = statement(worker.pk, *span)
        if form == "pdf":
            file = statement_pdf.as_pdf(found, name=worker.full_name, identity=str(worker.pk), made_at=now)
            return statement_pdf.answer(file, month)
        return json(200, {"month": month, "complete": span[1] <= now, **_shown(found)})


def _shown(found: Statement) -> dict[str, Any]:
    return {
        "start": found.start,
        "end": found.end,
        "opening": _money(found.opening),
        "lines": [_line(line) for line in found.lines],
        "totals": [_total(total) for total in found.totals],
        "closing": _money(found.closing),
    }


def _money(money: Money) -> dict[str, Any]:
    return {"available": money.available, "in_transit": money.in_transit, "owed": money.owed}


def _line(line: Line) -> dict[str, Any]:
    return {
        "at": line.at,
        "kind": line.kind,
        "words": line.words,
        "about": line.about,
        "entries": line.entries,
        "change": _money(line.change),
        "available_after": line.after.available,
        "task_id": line.task_id,
        "stream_id": line.stream_id,
        "transaction_id": line.transaction_id,
        "loan_id": line.loan_id,
        "tx_hash": line.tx_hash,
    }


def _total(total: Total) -> dict[str, Any]:
    return {
        "kind": total.kind,
        "words": total.words,
        "entries": total.entries,
        "change": _money(total.change),
    }
