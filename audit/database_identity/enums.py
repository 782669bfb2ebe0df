from django.db.models import TextChoices


class DatabaseKind(TextChoices):
    """Kind of a database: play money or USDC; the two share nothing."""

    TEST = "test"
    LIVE = "live"
