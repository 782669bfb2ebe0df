from django.db.models import TextChoices


class ObservedStatus(TextChoices):
    """State of a transfer that was seen on the chain."""

    SEEN = "seen"
    CREDITED = "credited"
    UNKNOWN_PLATFORM = "unknown_platform"
    VANISHED = "vanished"


OBSERVED_MOVES = {
    ObservedStatus.SEEN: frozenset(
        {ObservedStatus.CREDITED, ObservedStatus.UNKNOWN_PLATFORM, ObservedStatus.VANISHED}
    ),
    # A reorganised chain may mine it again; staff may find its owner.
    ObservedStatus.VANISHED: frozenset({ObservedStatus.SEEN}),
    ObservedStatus.UNKNOWN_PLATFORM: frozenset({ObservedStatus.CREDITED}),
    ObservedStatus.CREDITED: frozenset(),
}
