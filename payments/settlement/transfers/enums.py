from django.db.models import TextChoices


class AttemptOperation(TextChoices):
    """Operation of the provider on a transfer."""

    TRANSFER = "transfer"
    READ = "read"
    FIND = "find"
    ACCELERATE = "accelerate"
    CANCEL = "cancel"


class NotificationStatus(TextChoices):
    """State of an arrival in the provider's name."""

    RECEIVED = "received"
    FORGED = "forged"
    DUPLICATE = "duplicate"
    GENUINE = "genuine"
    APPLIED = "applied"


NOTIFICATION_MOVES = {
    NotificationStatus.RECEIVED: frozenset(
        {NotificationStatus.FORGED, NotificationStatus.DUPLICATE, NotificationStatus.GENUINE}
    ),
    NotificationStatus.GENUINE: frozenset({NotificationStatus.APPLIED}),
    NotificationStatus.FORGED: frozenset(),
    NotificationStatus.DUPLICATE: frozenset(),
    NotificationStatus.APPLIED: frozenset(),
}
