from django.db.models import TextChoices


class DeliveryStatus(TextChoices):
    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    BLOCKED = "blocked"


# A delivery that has ended becomes pending again by a replay only.
DELIVERY_MOVES = {
    DeliveryStatus.PENDING: frozenset(
        {DeliveryStatus.DELIVERED, DeliveryStatus.DEAD, DeliveryStatus.BLOCKED}
    ),
    DeliveryStatus.DELIVERED: frozenset({DeliveryStatus.PENDING}),
    DeliveryStatus.DEAD: frozenset({DeliveryStatus.PENDING}),
    DeliveryStatus.BLOCKED: frozenset({DeliveryStatus.PENDING}),
}


class DeliveryError(TextChoices):
    """Reason why an attempt did not count. A platform sees this, and never its server's answer."""

    STATUS = "status", "answered, but not with 2xx"
    BLOCKED_ADDRESS = "blocked_address", "the name leads to a forbidden address, or the URL is not allowed"
    UNRESOLVED = "unresolved", "the name has no address"
    CONNECTION = "connection", "no connection, or it broke"
    TLS = "tls", "no valid certificate for the name"
    TIMEOUT = "timeout", "no answer in time"
    PROTOCOL = "protocol", "the answer was no HTTP, or too long"
    DISABLED = "disabled", "the webhook was switched off"
