"""The database engine of the settings."""

import select
from typing import Any

from django.db.backends.postgresql import base, introspection
from psycopg.pq import ConnStatus, TransactionStatus

# The row that says what the database is.
KEPT = "database_identity"


class DatabaseIntrospection(introspection.DatabaseIntrospection):
    """Django's, but for what `flush` may empty: an emptied database is still test or live, as it was made."""

    def django_table_names(self, only_existing: bool = False, include_views: bool = True) -> list[str]:
        names = super().django_table_names(only_existing, include_views)
        return [name for name in names if name != KEPT]


class DatabaseWrapper(base.DatabaseWrapper):
    """As Django's, but for how it looks whether a connection that was kept still works."""

    connection: Any
    introspection_class = DatabaseIntrospection

    def is_usable(self) -> bool:
        """Whether the server is still there. One that has ended the session has closed its side, or has
        said why, so there is something to be read where an idle session is silent: then it is asked, as
        Django does every time, with a statement for each request."""
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
