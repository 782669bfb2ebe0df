"""Look-up of the worker who is signed in."""

from uuid import UUID

from django.db.models import QuerySet

from gigstream.core import sql
from gigstream.core.clock import DatabaseNow
from gigstream.core.models import plain_columns
from workers.models import Worker
from workers.profiles.enums import WorkerStatus
from workers.sign_in.tokens import read_access_token

_COLUMNS = plain_columns(Worker)


def _in_session(session_id: UUID, worker_id: UUID) -> QuerySet[Worker, tuple[object, ...]]:
    """Return the active worker of a session that was not revoked, with the database's time."""
    signed_in = Worker.objects.filter(sessions=session_id, sessions__revoked_at=None, pk=worker_id)
    active = signed_in.filter(deleted_at=None, status=WorkerStatus.ACTIVE)
    return active.annotate(as_of=DatabaseNow()).values_list("as_of", *_COLUMNS)


_SESSION = sql.CompiledRows(_in_session, session_id=UUID(int=1), worker_id=UUID(int=2))


def signed_in_worker(token: str) -> Worker | None:
    """Return the active worker of this access token, or None once it has expired or its session is over."""
    claims = read_access_token(token)
    if claims is None:
        return None
    for as_of, *row in _SESSION.fetch(session_id=claims.session_id, worker_id=claims.worker_id):
        if claims.hold_at(as_of):
            return Worker.from_db(None, _COLUMNS, row)
    return None
