"""Platforms' parts in payouts over the API: of a payout to a worker a platform sees the pay of its own
tasks."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from gigstream.api import pagination
from gigstream.api.pagination import narrow_rows
from gigstream.api.views import json_response
from gigstream.core.money import ZERO
from payments.models import CoveredTask, PlatformPayout, Transaction
from payments.settlement.payouts import selectors
from payments.settlement.payouts.selectors import PlatformPart

_NEWEST_FIRST = ("-created_at", "-payout_id")
_COLUMNS = {
    "status": "payout__status",
    "worker_id": "payout__worker",
    "task_id": "payout__covered_tasks__task",
    "reference": "payout__reference",
    "stream_id": "payout__covered_tasks__task__stream",
}
# Columns of the payout itself, the same for all platforms.
_SHARED_COLUMNS = (
    "reference",
    "created_at",
    "updated_at",
    "type",
    "status",
    "worker_id",
    "confirmations",
    "submitted_at",
    "confirmed_at",
    "ended_at",
)
# The transfer is the house's and the worker's: its hash and addresses lead to the pay by other platforms.
_WITHHELD = {
    "fee": ZERO,
    "task_id": None,
    "stream_id": None,
    "quest_id": None,
    "from_wallet": "",
    "to_wallet": "",
    "tx_hash": None,
    "block_number": None,
    "not_before": None,
    "error_message": "",
}


def list_platform_payouts(request: Request, platform_id: UUID, given: Mapping[str, Any]) -> HttpResponse:
    """Answer with a page of the platform's parts in payouts, newest first."""
    filters = {name: value for name, value in given.items() if name != "type"}
    rows: QuerySet[Any] = PlatformPayout.objects.filter(platform=platform_id)
    if {"task_id", "stream_id"} & filters.keys():
        # With the platform's own tasks only: another platform's task would show that it was paid along.
        rows = rows.filter(
            payout__covered_tasks__task__platform=platform_id,
            **{_COLUMNS[name]: filters.pop(name) for name in ("task_id", "stream_id") if name in filters},
        )
    if filters.pop("quest_id", None) is not None:
        # What a payout carries is shown by its tasks: a quest's rewards are transactions of their own.
        rows = rows.none()
    rows = narrow_rows(rows, filters, columns=_COLUMNS)
    found, cursor = pagination.read_page(
        rows.values("created_at", "payout_id"), request.query_params, order=_NEWEST_FIRST
    )
    payouts = Transaction.objects.in_bulk([row["payout_id"] for row in found])
    parts = selectors.platform_payouts([payouts[row["payout_id"]] for row in found], platform_id=platform_id)
    return json_response(200, {"items": [platform_payout_as_json(part) for part in parts], "next": cursor})


def get_platform_payout(platform_id: UUID, transaction_id: UUID) -> PlatformPart | None:
    """Return the platform's part in this payout, None if it has no part."""
    payout = Transaction.objects.filter(pk=transaction_id, platform_parts__platform=platform_id).first()
    parts = selectors.platform_payouts([payout], platform_id=platform_id) if payout else []
    return parts[0] if parts else None


def platform_payout_as_json(part: PlatformPart) -> dict[str, Any]:
    """Return the payout for a platform, in the form of any other transaction."""
    return {
        "id": part.payout.pk,
        **{name: getattr(part.payout, name) for name in _SHARED_COLUMNS},
        **_WITHHELD,
        "amount": part.amount,
        "task_count": part.task_count,
        "tasks": part.tasks,
    }


def payout_task_rows(platform_id: UUID, transaction_id: UUID) -> QuerySet[Any]:
    """Return rows of the platform's tasks whose pay the payout carries."""
    return CoveredTask.objects.filter(payout=transaction_id, task__platform=platform_id).values(
        "id",
        "task_id",
        "pay",
        external_task_id=F("task__external_task_id"),
        payout_status=F("task__payout_status"),
        paid_out_at=F("task__paid_out_at"),
    )


def payout_task_as_json(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row for its platform: the pay is the amount, and the number only orders the list."""
    return {"amount": row["pay"], **{name: row[name] for name in row if name not in ("id", "pay")}}
