from django.db.models import TextChoices

# The name of the provider that signs calls of contracts with a key of this installation.
SIGNER = "signer"


class TransferState(TextChoices):
    """State of a transfer at the provider, in Circle's words; UNKNOWN is any other word."""

    INITIATED = "INITIATED"
    PENDING_RISK_SCREENING = "PENDING_RISK_SCREENING"
    QUEUED = "QUEUED"
    CLEARED = "CLEARED"
    SENT = "SENT"
    STUCK = "STUCK"
    CONFIRMED = "CONFIRMED"
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    DENIED = "DENIED"
    UNKNOWN = "UNKNOWN"


class TransferErrorClass(TextChoices):
    """Trouble of a transfer, at the provider or on chain, besides that of any remote call."""

    GAS = "gas"
    NONCE = "nonce"
    EXECUTION = "execution"
    BLOCKED_DESTINATION = "blocked_destination"
    INSUFFICIENT_FUNDS = "insufficient_funds"


class FeeLevel(TextChoices):
    """Bid of the house for a place in a block; the provider puts it in figures."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
