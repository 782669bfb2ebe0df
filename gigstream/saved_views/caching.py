"""Views as a person's pages show them, kept for a minute: a statement on each page would be too many.

The person's own changes are seen at once, those of others within the minute.
"""

from collections.abc import Callable
from typing import Any

from django.core.cache import cache

from gigstream.network.redis_cache import redis_errors

SECONDS = 60


def read_kept(person_id: Any, part: str, read: Callable[[], Any]) -> Any:
    """Return the part of the person's pages that is kept, or read it now."""
    key = _key_of(person_id, part)
    try:
        known = cache.get(key)
        if known is None:
            known = read()
            cache.set(key, known, SECONDS)
    except redis_errors():
        return read()
    return known


def forget_kept(person_id: Any, *parts: str) -> None:
    """Have these parts of the person's pages read anew."""
    try:
        cache.delete_many([_key_of(person_id, part) for part in parts])
    except redis_errors():
        return


def _key_of(person_id: Any, part: str) -> str:
    return f"saved-views:{person_id}:{part}"
