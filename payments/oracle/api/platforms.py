"""Sync health of a platform's creators."""

from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import Amount, Choice, Instant, StrictSerializer, Text, Whole, WrittenWhole, YesNo
from gigstream.api.views import json_response
from gigstream.core.clock import database_now
from payments.models import ChainOperation
from payments.oracle.calculations import percent_text
from payments.oracle.enums import Trouble
from payments.oracle.health import platform_health
from payments.oracle.selectors.figures import SyncFigures, sync_figures
from payments.settlement.health import Health, State
from platforms.platforms.views import PlatformView

USUAL_HOURS, MOST_HOURS = 24, 24 * 31
PERCENT = "with one decimal, rounded down"


class SyncHealthQuery(StrictSerializer):
    """Span of time: by default the last 24 hours."""

    hours = WrittenWhole(required=False, min_value=1, max_value=MOST_HOURS, help_text="1 to 744")


class OperationCounts(serializers.Serializer):
    """Operations: open now, and ended in the span."""

    pending = Whole()
    submitted = Whole()
    confirmed = Whole()
    dead = Whole()


class ErrorCounts(serializers.Serializer):
    """Calls that ended in an error, by its class."""

    network = Whole()
    gas = Whole()
    nonce = Whole()
    execution = Whole()
    unknown = Whole()


class FigureRow(serializers.Serializer):
    """A figure with its threshold."""

    name = Text()
    value = Text()
    threshold = Text()
    state = Choice(choices=[state.name.lower() for state in State])


class SyncHealth(serializers.Serializer):
    """Health of the way of creators' numbers to the chain."""

    as_of = Instant()
    hours = Whole()
    state = Choice(choices=[state.name.lower() for state in State], help_text="that of the worst figure")
    figures = FigureRow(many=True)
    operations = OperationCounts()
    attempts = Whole(help_text="calls to the provider and the chain")
    failed_attempts = Whole()
    error_counts = ErrorCounts()
    success_percent = Text(help_text=f"of the attempts, {PERCENT}")
    reliability_percent = Text(help_text=f"confirmed operations of those that ended, {PERCENT}")
    failed_transactions_percent = Text(help_text=PERCENT)
    mean_answer_milliseconds = Whole()
    longest_delay_seconds = Whole(help_text="from an operation's start until the chain was seen to show it")
    last_synced_at = Instant(allow_null=True)
    creators_written = Whole(help_text="each time that a creator's numbers were written counts")
    creators_differing = Whole(help_text="of whom the chain was found to show other numbers")
    transactions = Whole()
    gas_used = Whole()
    gas_fee = Amount(allow_zero=True, help_text="USDC, which the house bears")
    gas_saved = Whole(help_text="beside a transaction for each creator")
    events = Whole(help_text="events of use that you reported")
    off_chain_percent = Text(allow_null=True, help_text=f"events without a transaction, {PERCENT}")
    is_stopped_by_budget = YesNo(help_text="whether records wait since the month's budget for gas is used up")


def health_as_json(figures: SyncFigures, health: Health, *, is_stopped: bool) -> dict[str, Any]:
    """Return the figures and the health of a platform's operations."""
    calls, ended = figures.calls, figures.confirmed + figures.dead
    failed, transactions = figures.failed_transactions
    off_chain = figures.off_chain
    return {
        "as_of": figures.as_of,
        "hours": figures.hours,
        "state": health.state.name.lower(),
        "figures": [
            {
                "name": one.name,
                "value": one.value,
                "threshold": one.limit,
                "state": one.state.name.lower(),
            }
            for one in health.figures
        ],
        "operations": {
            name: getattr(figures, name) for name in ("pending", "submitted", "confirmed", "dead")
        },
        "attempts": calls.calls,
        "failed_attempts": calls.failed,
        "error_counts": {kind.value: count for kind, count in figures.errors.items()},
        "success_percent": percent_text(calls.calls - calls.failed, calls.calls),
        "reliability_percent": percent_text(figures.confirmed, ended),
        "failed_transactions_percent": percent_text(failed, transactions) if transactions else "0.0",
        "mean_answer_milliseconds": int(calls.mean_milliseconds),
        "longest_delay_seconds": figures.longest_delay,
        "last_synced_at": figures.last_synced_at,
        "creators_written": figures.creators_written,
        "creators_differing": figures.creators_differing,
        "transactions": figures.transactions,
        "gas_used": figures.gas_used,
        "gas_fee": figures.fee,
        "gas_saved": figures.saved_gas,
        "events": figures.events,
        "off_chain_percent": percent_text(*off_chain) if off_chain else None,
        "is_stopped_by_budget": is_stopped,
    }


class SyncHealthView(PlatformView):
    """`sync-health`."""

    resource = "catalogue"
    query = SyncHealthQuery
    endpoints = {"GET": Endpoint("get_sync_health", SyncHealth)}

    def get(self, request: Request) -> HttpResponse:
        """Return how the numbers of your creators have come to the chain in the last hours."""
        hours, now = self.read_query(request).get("hours", USUAL_HOURS), database_now()
        figures = sync_figures(hours=hours, now=now, platform_id=self.platform.pk)
        is_stopped = ChainOperation.objects.filter(
            platform=self.platform, trouble=Trouble.GAS_BUDGET
        ).exists()
        return json_response(
            200, health_as_json(figures, platform_health(figures, now), is_stopped=is_stopped)
        )
