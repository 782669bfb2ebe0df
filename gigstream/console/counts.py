"""Sizes of queues and saved views, and the number of unread notices, as an open page fetches them again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from audit.notices.selectors import MOST_COUNTED as MOST_NOTICES
from audit.notices.selectors import count_unread
from gigstream.console.dashboard import format_age
from gigstream.console.queues import MOST_COUNTED, Queue, Waiting, count_waiting, own_and_others
from gigstream.core.clock import database_now
from gigstream.saved_views.counts import view_counts

# Within these seconds many open tabs of one role cost a single statement.
KEPT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Counted:
    """Size of a queue for a reader, who may work on it (`is_own`) or only view it."""

    queue: Queue
    waiting: Waiting
    is_own: bool


@require_GET
@never_cache
def counts(request: HttpRequest) -> JsonResponse:
    """Return the sizes of the queues that the reader may view, of the items for them where they work on a
    queue, how many rows the views in their menu have, and how many notices they have not read."""
    now = database_now()
    found = count_for(request, now)
    waits = sum(one.waiting.count for one in found if one.is_own)
    key = f"unread_notices:{request.user.pk}"
    unread = cache.get_or_set(key, lambda: count_unread(request.user), KEPT_SECONDS)  # type: ignore[arg-type]
    return JsonResponse(
        {
            "waiting": _at_most(waits, MOST_COUNTED),
            "unread": _at_most(unread or 0, MOST_NOTICES),
            "queues": [_as_json(one, now) for one in found],
            "views": [{"url": url, "count": words} for url, words in view_counts(request).items()],
        }
    )


def forget_unread(request: HttpRequest) -> None:
    """Have the reader's notices counted anew, after an act of theirs on them."""
    cache.delete_many([f"unread_notices:{request.user.pk}"])


def count_for(request: HttpRequest, now: datetime) -> list[Counted]:
    """Return the sizes of the visible queues, at most some seconds old: those of queues in which all staff of
    a role have the same items are kept for the role, the others for the person."""
    own, others = own_and_others(request)
    personal = [queue for queue in own if queue.is_personal]
    shared = [queue for queue in [*own, *others] if queue not in personal]
    sizes = _kept_sizes(shared, now) | _kept_sizes(personal, now, request)
    return [Counted(queue, sizes[queue.slug], queue in own) for queue in [*own, *others]]


def _kept_sizes(
    queues: Sequence[Queue], now: datetime, request: HttpRequest | None = None
) -> dict[str, Waiting]:
    whose = "all" if request is None else str(request.user.pk)
    slugs = [queue.slug for queue in queues]
    key = f"queue_sizes:{whose}:{','.join(slugs)}"
    kept = cache.get(key)
    if kept is None:
        found = count_waiting(queues, now, request.user if request else None)
        kept = [(one.count, one.oldest_at) for one in found]
        cache.set(key, kept, KEPT_SECONDS)
    return {slug: Waiting(*one) for slug, one in zip(slugs, kept, strict=True)}


def _as_json(one: Counted, now: datetime) -> dict[str, str]:
    """Return the number and age of the items; the mark is a word that stands beside the colour."""
    oldest_at = one.waiting.oldest_at
    waited = max(now - oldest_at, timedelta(0)) if oldest_at else None
    return {
        "url": reverse("console:queue", args=[one.queue.slug]),
        "count": _at_most(one.waiting.count, MOST_COUNTED),
        "mark": one.queue.mark(waited) if waited is not None and one.is_own else "",
        "age": "" if waited is None else f"oldest {format_age(waited)}",
    }


def _at_most(count: int, most: int) -> str:
    """Return the number, "" for none, with a plus where counting has ended."""
    return "" if not count else f"{most:,}+" if count >= most else f"{count:,}"
