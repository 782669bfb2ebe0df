"""Searches of staff over a year's rows, with the whole time of each as the page takes it."""

import statistics
import time
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.http import HttpRequest

from gigstream.console.search import find_rows
from payments.models import Transaction
from platforms.models import Task
from tests.benchmarks import plans
from workers.models import Worker

TIMES = 7


def _read_by_staff() -> HttpRequest:
    """Return a request of a member of staff who may see everything."""
    request = HttpRequest()
    request.user = get_user_model()(is_superuser=True, is_active=True, is_staff=True)
    return request


def terms() -> dict[str, dict[str, str]]:
    """Return a term of each form that a row of this database answers to, and one that nothing does."""
    worker, task = Worker.objects.order_by("-pk")[:1].get(), Task.objects.order_by("-pk")[:1].get()
    payout = Transaction.objects.filter(type="payout", tx_hash__isnull=False).order_by("-pk")[:1].get()
    hash_, id_ = str(payout.tx_hash), str(task.pk)
    return {
        "terms": {
            "words of a name, turned around": " ".join(reversed(worker.full_name.split())),
            "a part that each name has": "orke",
            "a title": task.title,
            "a part of many titles": "anslati",
            "an amount": f"{task.amount:.2f}",
            "a reference": payout.reference,
            "a reference without its prefix": payout.short_number,
            "the beginning of an id": id_[:13],
            "the ends of an id": f"{id_[:8]}…{id_[-6:]}",
            "the beginning of a hash": hash_[:12],
            "the ends of a hash": f"{hash_[:8]}…{hash_[-6:]}",
            "an email": worker.email,
            "an id": id_,
            "what nothing is called": "zzqxy wvvk",
        }
    }


def time_search(term: str) -> dict[str, Any]:
    """Return the median of a few searches, the milliseconds of their statements, and how many rows they
    found."""
    request = _read_by_staff()
    found = find_rows(request, term)
    taken, statements = [], []
    for _ in range(TIMES):
        spent: list[float] = []

        def measured(
            execute: Any, text: str, parameters: Any, many: bool, context: Any, spent: list[float] = spent
        ) -> Any:
            began = time.perf_counter()
            result = execute(text, parameters, many, context)
            spent.append(1000 * (time.perf_counter() - began))
            return result

        began = time.perf_counter()
        with connection.execute_wrapper(measured):
            find_rows(request, term)
        taken.append(1000 * (time.perf_counter() - began))
        statements.append(sum(spent))
    return {
        "median_ms": statistics.median(taken),
        "statements_ms": statistics.median(statements),
        "statements": len(spent),
        "rows": len(found),
    }


def explain(term: str) -> dict[str, list[str]]:
    """Return the plan of each statement of a search, with its real cost."""
    request = _read_by_staff()
    return plans.explain(lambda: find_rows(request, term))


COMMANDS = {"terms": terms, "time": time_search, "explain": explain}
