"""Questions about who is signed in, and about all workers."""

from collections.abc import Collection, Iterator
from itertools import islice
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Now

from gigstream.lib import sql
from gigstream.lib.models import plain_columns
from workers.enums import WorkerStatus
from workers.models import Worker
from workers.tokens import read_access_token

AT_ONCE = 200
_COLUMNS = plain_columns(Worker)


def _in_session(session_id: UUID, worker_id: UUID) -> QuerySet[Worker, tuple[object, ...]]:
    """The worker, while active and while the session lasts, and the database's time."""
    signed_in = Worker.objects.filter(sessions=session_id, sessions__revoked_at=None, pk=worker_id)
    active = signed_in.filter(deleted_at=None, status=WorkerStatus.ACTIVE)
    return active.annotate(asked_at=Now()).values_list("asked_at", *_COLUMNS)


_SESSION = sql.RowQuestion(_in_session, session_id=UUID(int=1), worker_id=UUID(int=2))


def signed_in_worker(token: str) -> Worker | None:
    """The active worker whose access token this is, while it holds and its session lasts."""
    claims = read_access_token(token)
    if claims is None:
        return None
    for asked_at, *row in _SESSION.ask(session_id=claims.session_id, worker_id=claims.worker_id):
        if claims.hold_at(asked_at):
            return Worker.from_db(None, _COLUMNS, row)
    return None


def worker_batches(only: Collection[UUID] = ()) -> Iterator[list[UUID]]:
    """The ids of all workers, or of those of `only` who exist, in order and a few hundred at a time: for
    commands that read everybody's history."""
    workers = Worker.objects.order_by("pk").values_list("pk", flat=True)
    ids = iter(list(workers.filter(pk__in=only) if only else workers))
    while batch := list(islice(ids, AT_ONCE)):
        yield batch
