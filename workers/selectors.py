"""Questions about who is signed in."""

from django.db.models.functions import Now

from workers.enums import WorkerStatus
from workers.models import Worker, WorkerSession
from workers.tokens import read_access_token


def signed_in_worker(token: str) -> Worker | None:
    """The active worker whose access token this is, while it holds and its session lasts."""
    claims = read_access_token(token)
    if claims is None:
        return None
    # One statement for the session, its worker and the database's time.
    session = (
        WorkerSession.objects.select_related("worker")
        .annotate(asked_at=Now())
        .filter(pk=claims.session_id, worker_id=claims.worker_id, revoked_at=None)
        .filter(worker__deleted_at=None, worker__status=WorkerStatus.ACTIVE)
        .first()
    )
    if session is None or not claims.hold_at(session.asked_at):
        return None
    return session.worker
