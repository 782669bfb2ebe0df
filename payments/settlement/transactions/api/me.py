from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import Choice, ReferenceText
from gigstream.api.pagination import narrow_rows, require_page
from gigstream.api.rendering import csv_tables
from gigstream.api.rendering.json import JSONRenderer
from gigstream.api.schema.describing import describe_rows
from payments.models import Transaction
from payments.settlement.transactions.enums import TransactionStatus, TransactionType
from payments.settlement.transactions.errors import ExportTooLarge
from workers.sign_in.views import MyView, PeriodQuery

TRANSACTION_COLUMNS = (
    "id",
    "reference",
    "created_at",
    "type",
    "status",
    "amount",
    "platform_id",
    "task_id",
    "stream_id",
    "loan_id",
    "quest_id",
    "to_wallet",
    "tx_hash",
    "block_number",
    "confirmations",
    "submitted_at",
    "confirmed_at",
    "ended_at",
)


MOST_EXPORTED = 10_000


MyTransactionRow = describe_rows("MyTransactionRow", Transaction, TRANSACTION_COLUMNS)


class MyTransactionQuery(PeriodQuery):
    status = Choice(choices=TransactionStatus.values, required=False)
    type = Choice(choices=TransactionType.values, required=False)
    reference = ReferenceText(required=False)
    format = Choice(choices=("json", "csv"), required=False)


def own_transactions(worker_id: UUID) -> QuerySet[Transaction, dict[str, Any]]:
    """Return the rows of the worker's own transactions."""
    return Transaction.objects.filter(worker=worker_id).values(*TRANSACTION_COLUMNS)


class CsvRenderer(BaseRenderer):
    """Lets `Accept: text/csv` in; the view writes the file itself."""

    media_type = csv_tables.MEDIA_TYPE
    format = "csv"


class MyTransactions(MyView):
    """`me/transactions`: page by page, or all at once as CSV."""

    query = MyTransactionQuery
    endpoints = {"GET": Endpoint("list_my_transactions", MyTransactionRow, listed=True)}
    renderer_classes = (JSONRenderer, CsvRenderer)

    def get(self, request: Request) -> HttpResponse:
        narrowed = self.read_query(request)
        accepted: Any = request.accepted_renderer
        form = narrowed.pop("format", accepted.format)
        rows = narrow_rows(own_transactions(self.worker(request).pk), narrowed)
        if form == "csv":
            require_page(request.query_params)
            return self._as_csv(rows)
        return self.paged(request, rows)

    def _as_csv(self, rows: QuerySet[Transaction, dict[str, Any]]) -> HttpResponse:
        found = list(rows.order_by("-created_at", "-pk")[: MOST_EXPORTED + 1])
        if len(found) > MOST_EXPORTED:
            raise ExportTooLarge(
                f"more than {MOST_EXPORTED} rows: narrow them by created_from and created_to",
                most=MOST_EXPORTED,
            )
        table = ([row[name] for name in TRANSACTION_COLUMNS] for row in found)
        return csv_tables.csv_response(TRANSACTION_COLUMNS, table, name="transactions")
