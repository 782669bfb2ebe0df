"""A worker's own check-ins over the API."""

import re
from dataclasses import asdict
from datetime import date
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import Choice, Day, Id, Instant, NothingForm, StrictSerializer, Text, Whole, YesNo
from gigstream.api.views import json_response
from gigstream.core.clock import database_now
from reputation.models import StreakPause, StreakZone
from reputation.streaks import services
from reputation.streaks.calculations import next_bonus
from reputation.streaks.enums import DateState
from reputation.streaks.selectors import History, read_history
from reputation.streaks.services import Claim
from workers.models import Worker
from workers.sign_in.views import MyView

_MONTH = re.compile(r"20\d{2}-(0[1-9]|1[0-2])", re.ASCII)


@extend_schema_field({"type": "string", "pattern": r"^20\d{2}-(0[1-9]|1[0-2])$"})
class Month(serializers.DateField):
    """A month of this century, as 2026-11: read as its first date."""

    default_error_messages = {"invalid": "must be a month, as 2026-11"}

    def to_internal_value(self, value: Any) -> date:
        if not isinstance(value, str) or not _MONTH.fullmatch(value):
            self.fail("invalid", format="YYYY-MM")
        return super().to_internal_value(f"{value}-01")


class CheckInQuery(StrictSerializer):
    month = Month(required=False, help_text="as 2026-11; by default the present month")


class CheckInDate(serializers.Serializer):
    """A date of the calendar."""

    date = Day()
    state = Choice(choices=DateState.values)


class StreakNow(serializers.Serializer):
    """A streak as it is now."""

    days = Whole(help_text="dates claimed one after another; 0 once a date was missed")
    started_on = Day(allow_null=True)
    freezes = Whole(help_text="each stands in for a single missed date")
    next_bonus_at = Whole(help_text="days of the streak at which the next bonus is due")


class PauseForm(StrictSerializer):
    """A pause of a streak: at most 14 days, from tomorrow at the earliest."""

    starts_on = Day()
    ends_on = Day(help_text="the last date of the pause")


class PauseRow(serializers.Serializer):
    """A pause of a streak."""

    starts_on = Day()
    ends_on = Day(help_text="the last date of the pause")


class ZoneChange(serializers.Serializer):
    """A change of the time zone that is still ahead."""

    time_zone = Text()
    first_date = Day(help_text="the first date that is of the new time zone")


class MyCheckInsAnswer(serializers.Serializer):
    """A month of a worker's calendar, and their streak."""

    month = Text()
    today = Day(help_text="the present date in your time zone")
    time_zone = Text(help_text="of the present date")
    next_time_zone = ZoneChange(allow_null=True)
    claimed_today = YesNo()
    streak = StreakNow()
    pauses = PauseRow(many=True, help_text="present and ahead")
    days = CheckInDate(many=True)


class MyCheckIns(MyView):
    """`me/check-ins`."""

    query = CheckInQuery
    endpoints = {"GET": Endpoint("get_my_check_ins", MyCheckInsAnswer)}

    def get(self, request: Request) -> HttpResponse:
        """Return a month of your calendar, and your streak."""
        worker = self.worker(request)
        history = read_history(worker, at=database_now())
        month = self.read_query(request).get("month", history.today.replace(day=1))
        pauses = StreakPause.objects.filter(worker=worker, ends_on__gte=history.today).order_by("starts_on")
        return json_response(
            200,
            {
                "month": f"{month:%Y-%m}",
                "today": history.today,
                "time_zone": history.calendar.zone_on(history.today),
                "next_time_zone": _next_zone(worker, history.today),
                "claimed_today": history.today in history.claimed,
                "streak": _streak_as_json(history),
                "pauses": [pause_as_json(pause) for pause in pauses],
                "days": [{"date": day, "state": state} for day, state in history.states_of(month)],
            },
        )


def _next_zone(worker: Worker, today: date) -> dict[str, Any] | None:
    ahead = StreakZone.objects.filter(worker=worker, first_date__gt=today).order_by("first_date")
    change = ahead.first()
    return None if change is None else {"time_zone": change.time_zone, "first_date": change.first_date}


def _streak_as_json(history: History) -> dict[str, Any]:
    return {
        "days": history.days,
        "started_on": history.streak.started_on if history.is_alive else None,
        "freezes": history.streak.freezes,
        "next_bonus_at": next_bonus(history.days),
    }


def pause_as_json(pause: StreakPause) -> dict[str, Any]:
    return {"starts_on": pause.starts_on, "ends_on": pause.ends_on}


class CheckInReward(serializers.Serializer):
    """Reward of a quest for a claim, or its refusal."""

    quest_id = Id()
    streak_days = Whole(allow_null=True, help_text="of a bonus: the length that it rewards")
    event_id = Whole(allow_null=True)
    state = Text(help_text="of the quest's event; refused where there is none")
    code = Text(allow_blank=True)
    message = Text(allow_blank=True)
    numbers = serializers.DictField(child=serializers.CharField())


class ClaimedCheckIn(serializers.Serializer):
    """A claimed check-in."""

    date = Day()
    claimed_at = Instant()
    streak = StreakNow()
    rewards = CheckInReward(many=True)
    replayed = YesNo(help_text="whether the date was claimed before")


class ClaimMyCheckIn(MyView):
    """`me/check-ins/claim`."""

    moves_money = True
    endpoints = {"POST": Endpoint("claim_my_check_in", ClaimedCheckIn, takes=NothingForm)}

    def post(self, request: Request) -> HttpResponse:
        """Claim the present date: once, and on the date itself only."""
        self.read(request)
        worker = self.worker(request)

        def command() -> tuple[int, Any]:
            return 200, _claim_as_json(services.claim_check_in(worker_id=worker.pk))

        return self.perform(request, command)


def _claim_as_json(claim: Claim) -> dict[str, Any]:
    return {
        "date": claim.check_in.local_date,
        "claimed_at": claim.check_in.claimed_at,
        "streak": _streak_as_json(claim.history),
        "rewards": [asdict(reward) for reward in claim.rewards],
        "replayed": claim.replayed,
    }


class MyStreakPauses(MyView):
    """`me/check-ins/pauses`."""

    endpoints = {"POST": Endpoint("pause_my_streak", PauseRow, takes=PauseForm, status=201)}

    def post(self, request: Request) -> HttpResponse:
        """Declare a pause of your streak, of at most 14 days, from tomorrow at the earliest. The dates of a
        pause do not break the streak, and can be claimed all the same."""
        given = self.read(request)
        worker = self.worker(request)

        def command() -> tuple[int, Any]:
            return 201, pause_as_json(services.declare_pause(worker_id=worker.pk, **given))

        return self.perform(request, command)
