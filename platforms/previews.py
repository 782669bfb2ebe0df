"""What dry runs tell about events."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gigstream.lib.api import previews
from gigstream.lib.api.callers import Caller
from platforms.services import events


@contextmanager
def _events(caller: Caller) -> Iterator[list[dict[str, Any]]]:
    shown: list[dict[str, Any]] = []
    with events.watching() as seen:
        yield shown
    # What another platform would be told is not this caller's business; workers are told nothing.
    own = (fact for fact in seen if str(fact.platform_id) == caller.id)
    shown.extend({"type": fact.type, "data": json.loads(fact.payload)} for fact in own)


previews.register("events", _events)
