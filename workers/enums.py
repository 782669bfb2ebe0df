from django.db.models import TextChoices


class WorkerStatus(TextChoices):
    ACTIVE = "active"
    SUSPENDED = "suspended"


WORKER_MOVES = {
    WorkerStatus.ACTIVE: frozenset({WorkerStatus.SUSPENDED}),
    WorkerStatus.SUSPENDED: frozenset({WorkerStatus.ACTIVE}),
}
