from django.db.models import TextChoices


class DiscrepancyBucket(TextChoices):
    """Kind of a discrepancy between ledger, provider and chain."""

    AMOUNT_DIFFERS = "amount_differs"
    MISSING_THERE = "missing_there"
    MISSING_HERE = "missing_here"
    STATE_DIFFERS = "state_differs"
    LATE = "late"
    TREASURY = "treasury"
