"""The database engine of the settings."""

import select
from typing import Any

from django.db.backends.postgresql import base, introspection
from psycopg.pq import ConnStatus, TransactionStatus

# The table whose row says whether the database is test or live.
KEPT = "database_identity"


class DatabaseIntrospection(introspection.DatabaseIntrospection):
    """Django's introspection without the table that `flush` must not empty: an emptied database stays test or
    live."""

    def django_table_names(self, only_existing: bool = False, include_views: bool = True) -> list[str]:
        names = super().django_table_names(only_existing, include_views)
        return [name for name in names if name != KEPT]


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's wrapper with a cheaper check of kept connections."""

    connection: Any
    introspection_class = DatabaseIntrospection

    def is_usable(self) -> bool:
        """Whether the server still holds the session. An idle session is silent; an ended session has an end
        of stream or an error message to be read, and only then is a statement sent, as Django does for every
        request."""
        session = self.connection
        if session is None or session.pgconn.status != ConnStatus.OK:
            return False
        if session.info.transaction_status == TransactionStatus.IDLE and not _is_readable(session.fileno()):
            return True
        return bool(super().is_usable())


def _is_readable(descriptor: int) -> bool:
    watch = select.poll()
    watch.register(descriptor, select.POLLIN | select.POLLERR | select.POLLHUP)
    return bool(watch.poll(0))
