from django.db.models import TextChoices


class CreatorStatus(TextChoices):
    PENDING = "pending"
    VERIFIED = "verified"
    CLOSED = "closed"


CREATOR_MOVES = {
    CreatorStatus.PENDING: frozenset({CreatorStatus.VERIFIED, CreatorStatus.CLOSED}),
    CreatorStatus.VERIFIED: frozenset({CreatorStatus.CLOSED}),
    CreatorStatus.CLOSED: frozenset(),
}


class WorkKind(TextChoices):
    TRACK = "track"
    VIDEO = "video"
    POST = "post"
    DATASET = "dataset"
    MODEL = "model"
