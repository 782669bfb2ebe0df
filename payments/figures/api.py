from datetime import UTC, date, datetime, time, timedelta

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.views import json_response
from gigstream.core.clock import database_now, first_of_days
from payments.figures.reports import PlatformPerformance
from payments.figures.schemas import PERFORMANCE_COLUMNS, Daily, DailyQuery, Performance
from payments.figures.selectors import days as selectors
from payments.settlement.transactions.api.platforms import MOST_DAYS, USUAL_DAYS, MoneyView


class Analytics(MoneyView):
    """`analytics`."""

    endpoints = {"GET": Endpoint("get_analytics", Performance)}

    def get(self, request: Request) -> HttpResponse:
        """Return the platform's work and its cost, from its first day to now."""
        row = PlatformPerformance.objects.filter(platform=self.platform).values(*PERFORMANCE_COLUMNS).get()
        average = row["average_completion_seconds"]
        return json_response(
            200, {**row, "average_completion_seconds": None if average is None else str(average)}
        )


class DailyAnalytics(MoneyView):
    """`analytics/daily`."""

    query = DailyQuery
    endpoints = {"GET": Endpoint("list_daily_analytics", Daily)}

    def get(self, request: Request) -> HttpResponse:
        """List the platform's transactions by day, type and status."""
        first, last = _requested_days(self.read_query(request), database_now())
        end = _start_of_day(last) + timedelta(days=1)
        return json_response(
            200, {"items": selectors.platform_days(self.platform.pk, _start_of_day(first), end)}
        )


def _requested_days(given: dict[str, date], now: datetime) -> tuple[date, date]:
    last = min(given.get("day_to", now.date()), now.date())
    first = given.get("day_from", first_of_days(last, USUAL_DAYS))
    if not 0 <= (last - first).days < MOST_DAYS:
        raise serializers.ValidationError(
            {"day_from": f"from the first to the last day there are 1 to {MOST_DAYS}, none of them to come"}
        )
    return first, last


def _start_of_day(day: date) -> datetime:
    return datetime.combine(day, time(0), tzinfo=UTC)
