from django.db.models import TextChoices


class WorkerStatus(TextChoices):
    ACTIVE = "active"
    SUSPENDED = "suspended"


WORKER_MOVES = {
    WorkerStatus.ACTIVE: frozenset({WorkerStatus.SUSPENDED}),
    WorkerStatus.SUSPENDED: frozenset({WorkerStatus.ACTIVE}),
}


class PayoutSchedule(TextChoices):
    """When a worker's money is paid out by itself (domain.md, section 4)."""

    STANDARD = "standard"
    AT_ONCE = "at_once"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    BY_HAND = "by_hand"


class SignInMethod(TextChoices):
    PASSWORD = "password"  # noqa: S105 - a word for it
    WALLET = "wallet"


class SessionEnd(TextChoices):
    """Why a session was revoked before its time."""

    SIGNED_OUT = "signed_out"
    TOKEN_REUSED = "token_reused"  # noqa: S105 - a reason
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a reason
