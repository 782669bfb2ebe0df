"""Reads of rewards as the application makes them, timed by the database itself."""

import json
import statistics
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db.models import F, QuerySet

from reputation.models import CheckIn, Quest, QuestEvent
from workers.models import ChainIdentity, SocialAccount, Worker

TIMES = 3
PAGE = 51


def _sign_in(worker: Worker) -> QuerySet[Any]:
    (known,) = ChainIdentity.objects.filter(worker=worker)
    found = ChainIdentity.objects.filter(chain=known.chain, address=known.address)
    return found.filter(worker__email_proved_at__isnull=False, worker__deleted_at=None)


def _history(worker: Worker) -> QuerySet[Any]:
    quest = Quest.objects.filter(events__worker=worker).first()
    events = QuestEvent.objects.filter(worker=worker, quest=quest).annotate(quest_title=F("quest__title"))
    return events.order_by("-id")[:PAGE]


def _calendar(worker: Worker) -> QuerySet[Any]:
    claimed = CheckIn.objects.filter(worker=worker, claimed_at__isnull=False).order_by("local_date")
    return claimed.values_list("local_date", flat=True)


def _pending(worker: Worker) -> QuerySet[Any]:
    return QuestEvent.objects.unsettled().filter(worker=worker).order_by("id")


def _waiting(worker: Worker) -> QuerySet[Any]:
    return QuestEvent.objects.waiting().order_by("pk").values_list("pk", flat=True)[:1_000]


def _owner(worker: Worker) -> QuerySet[Any]:
    account = SocialAccount.objects.get(worker=worker)
    return SocialAccount.objects.filter(network=account.network, network_user_id=account.network_user_id)


READS: dict[str, Callable[[Worker], QuerySet[Any]]] = {
    "sign-in by address": _sign_in,
    "history by worker and quest": _history,
    "calendar of a month, with the streak": _calendar,
    "pending payouts of a worker": _pending,
    "events that wait to be granted": _waiting,
    "owner of a social id": _owner,
}


def names() -> dict[str, list[str]]:
    return {"names": list(READS)}


def time(name: str, subjects: int) -> dict[str, Any]:
    """Run the read for so many workers; return the medians of a few times, by EXPLAIN ANALYZE."""
    workers = Worker.objects.extra(order_by=["md5"], select={"md5": "md5(id::text)"})[:subjects]
    reads = [READS[name](worker) for worker in workers]
    taken = {number: _milliseconds(read) for number, read in enumerate(reads)}
    slowest = max(taken, key=lambda number: taken[number])
    return {
        "median_ms": statistics.median(taken.values()),
        "slowest_ms": taken[slowest],
        "plan": reads[slowest].explain(analyze=True, buffers=True),
    }


def _milliseconds(read: QuerySet[Any]) -> float:
    explain = partial(read.explain, analyze=True, format="json")
    return statistics.median(json.loads(explain())[0]["Execution Time"] for _ in range(TIMES))


COMMANDS = {"names": names, "time": time}
