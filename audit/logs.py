"""What every log line carries: the request and who acts. Never a secret, never personal data."""

import logging

from audit.context import current_actor


class ContextFilter(logging.Filter):
    """Adds `request_id` and `actor` to each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        actor = current_actor()
        # Django speaks of a request that was refused when nobody acts any more.
        record.request_id = actor.request_id or getattr(getattr(record, "request", None), "request_id", "")
        record.actor = str(actor)
        return True
