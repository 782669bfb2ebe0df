"""Context of each log line: the request and the actor. Never a secret, never personal data."""

import logging

from audit.log.context import current_actor


class ContextFilter(logging.Filter):
    """Adds `request_id` and `actor` to each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        actor = current_actor()
        # Django logs a refused request when its actor is reset already.
        record.request_id = actor.request_id or getattr(getattr(record, "request", None), "request_id", "")
        record.actor = str(actor)
        return True
