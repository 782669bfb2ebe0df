"""Publication of events: collected in the transaction of their cause, numbered and written at its end."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from audit.log.context import current_actor
from gigstream.api.callers import Caller
from gigstream.api.rendering.json import dump_json
from gigstream.core import sql
from gigstream.core.ids import new_id
from gigstream.core.unit import Channel, collect, show_in_rehearsals
from gigstream.jobs.registry import nudge_job
from platforms.events import registry


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event before it has its number. `payload` is the text of a JSON object, and stays text."""

    platform_id: UUID
    type: str
    payload: str
    at: datetime

    @classmethod
    def of(cls, platform_id: UUID, type_: str, values: Mapping[str, Any], at: datetime) -> "NewEvent":
        """Return the event with `values` as its payload, written as the API writes its answers."""
        return cls(platform_id, type_, dump_json(values).decode(), at)


def publish_events(events: Iterable[NewEvent]) -> None:
    """Write these events, in this order, when the caller's transaction commits. Raises UnregisteredEventType.

    All events of a transaction are written by one statement at its very end: a platform's counter is shared
    by everything that happens to it, so nothing may be waited for while it is held.
    """
    published = list(events)
    for type_ in {event.type for event in published}:
        registry.require_registered(type_)
    collect(_EVENTS, published)


def _write_events(events: list[NewEvent]) -> None:
    parameters: dict[str, Any] = {
        "ids": [new_id() for _ in events],
        "platforms": [event.platform_id for event in events],
        "types": [event.type for event in events],
        # One JSON array: texts in an array of the database would be escaped here and unescaped there.
        "payloads": f"[{','.join(event.payload for event in events)}]",
        "times": [event.at for event in events],
        "request_id": current_actor().request_id[:64],
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.text("platforms/events/publish_events"), parameters)
    nudge_job("deliver_webhooks")


def _event_as_json(event: NewEvent, caller: Caller) -> dict[str, Any] | None:
    """Return the event as a rehearsal shows it to its platform, None for any other caller."""
    if str(event.platform_id) != caller.id:
        return None
    return {"type": event.type, "data": json.loads(event.payload)}


_EVENTS = show_in_rehearsals(Channel("events", _write_events, order=9, show=_event_as_json))
