from django.db.models import TextChoices


class WorkerStatus(TextChoices):
    ACTIVE = "active"
    SUSPENDED = "suspended"


WORKER_MOVES = {
    WorkerStatus.ACTIVE: frozenset({WorkerStatus.SUSPENDED}),
    WorkerStatus.SUSPENDED: frozenset({WorkerStatus.ACTIVE}),
}


class SignInMethod(TextChoices):
    PASSWORD = "password"  # noqa: S105 - a word for it
    WALLET = "wallet"


class SessionEnd(TextChoices):
    """Why a session was revoked before its time."""

    SIGNED_OUT = "signed_out"
    TOKEN_REUSED = "token_reused"  # noqa: S105 - a reason
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a reason
