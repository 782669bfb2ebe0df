from django.db.models import TextChoices


class ErrorClass(TextChoices):
    """Trouble that any outside service can give; a subject adds its own."""

    # Nothing was sent, or the service says that it took nothing.
    NETWORK = "network"
    # Sent, and no answer that says whether it was done.
    UNKNOWN_OUTCOME = "unknown_outcome"
    CREDENTIALS = "credentials"
    INVALID_REQUEST = "invalid_request"
    KEY_REUSED = "key_reused"


class BreakerState(TextChoices):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
