from django.db.models import TextChoices


class SignInMethod(TextChoices):
    PASSWORD = "password"  # noqa: S105 - a word for it
    WALLET = "wallet"


class SessionEnd(TextChoices):
    """Reasons for which a session was revoked before its time."""

    SIGNED_OUT = "signed_out"
    TOKEN_REUSED = "token_reused"  # noqa: S105 - a reason
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a reason
    IDENTITY_REMOVED = "identity_removed"
