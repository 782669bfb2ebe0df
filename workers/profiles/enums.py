from django.db.models import TextChoices


class WorkerStatus(TextChoices):
    ACTIVE = "active"
    SUSPENDED = "suspended"


WORKER_MOVES = {
    WorkerStatus.ACTIVE: frozenset({WorkerStatus.SUSPENDED}),
    WorkerStatus.SUSPENDED: frozenset({WorkerStatus.ACTIVE}),
}


class PayoutSchedule(TextChoices):
    """Schedules of automatic payouts (domain.md, section 4)."""

    STANDARD = "standard"
    AT_ONCE = "at_once"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    BY_HAND = "by_hand"
