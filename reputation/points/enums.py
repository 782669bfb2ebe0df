from django.db.models import TextChoices


class PointsKind(TextChoices):
    """Kinds of entries in the points ledger."""

    GRANT = "grant"
    REVERSAL = "reversal"
    CLOSING = "closing"
