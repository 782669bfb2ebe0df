from django.db.models import TextChoices


class TieKind(TextChoices):
    """Kind of what two accounts may have in common."""

    PAYOUT_ADDRESS = "payout_address", "payout address"
    SOCIAL = "social", "social account"
    UPLOAD = "upload", "uploaded file"
    DEVICE = "device", "device"
    NETWORK = "network", "network address"
