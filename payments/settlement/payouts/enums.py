from django.db.models import TextChoices


class PayoutHoldKind(TextChoices):
    """Reason of a hold: a decision of staff, or a payout that has failed for good."""

    STAFF = "staff"
    FAILED = "failed"


class HoldEnd(TextChoices):
    """End of a hold."""

    EXPIRED = "expired"
    ADDRESS_CHANGED = "address_changed"
    STAFF = "staff"


class PayoutWait(TextChoices):
    """Condition that a worker's next payout waits for."""

    NOTHING_EARNED = "nothing_earned"
    NO_ADDRESS = "no_address"
    ADDRESS_CHANGE = "address_change"
    SUSPENDED = "suspended"
    HOLD = "hold"
    SMALLEST = "smallest_payout"
    BY_HAND = "by_hand"
    AGE = "age"
    NEXT_RUN = "next_run"
