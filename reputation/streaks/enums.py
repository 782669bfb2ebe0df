from django.db.models import TextChoices


class DateState(TextChoices):
    """States of a date in a worker's calendar."""

    CLAIMED = "claimed"
    OPEN = "open"
    FROZEN = "frozen"
    PAUSED = "paused"
    OUTAGE = "outage"
    LEFT_OUT = "left_out"
    MISSED = "missed"
    AHEAD = "ahead"
