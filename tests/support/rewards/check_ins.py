"""Given: quests that reward check-ins, and days of claims."""

from datetime import date, datetime, timedelta
from typing import Any

from reputation.models import CheckIn, Quest
from reputation.streaks.services import Claim, claim_check_in
from tests.support.factories import NOW
from tests.support.quests import open_quest
from workers.models import Worker

DAY = timedelta(days=1)
# The instant before which the quests below have begun.
EARLY = NOW - 400 * DAY


def daily_quest(**given: Any) -> Quest:
    """Return an open quest of the house that gives 10 points for each date."""
    terms = {"reward_kind": "points", "reward_amount": "10", "limit_per_worker": 1, "period": "daily"}
    return _check_in_quest(**{**terms, **given})


def bonus_quest(*lengths: int, **given: Any) -> Quest:
    """Return an open quest of the house that gives 50 points for streaks of these lengths."""
    terms = {"reward_kind": "points", "reward_amount": "50", "limit_per_worker": None, "period": "once"}
    return _check_in_quest(**{**terms, "metadata": {"bonuses": list(lengths)}, **given})


def _check_in_quest(**given: Any) -> Quest:
    where = {"house": "platform" not in given, "budget": None, "now": EARLY, "is_claimable": False}
    return open_quest(**{**where, "kind": "check_in", **given})


def claim_dates(worker: Worker, count: int, *, first: datetime = NOW) -> Claim:
    """Claim at this time on so many days, one after another; return the last claim."""
    made = [claim_check_in(worker_id=worker.pk, now=first + DAY * number) for number in range(count)]
    return made[-1]


def claimed_dates(worker: Worker) -> list[date]:
    rows = CheckIn.objects.filter(worker=worker, claimed_at__isnull=False).order_by("local_date")
    return list(rows.values_list("local_date", flat=True))
