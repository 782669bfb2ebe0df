from django.db.models import TextChoices


class ActorType(TextChoices):
    """Types of actors."""

    WORKER = "worker"
    PLATFORM = "platform"
    STAFF = "staff"
    SYSTEM = "system"
    PROVIDER = "provider"


# Refusals of persons, or of the company they act for, are kept; a job's refusals are its errors.
PERSONS = frozenset({ActorType.WORKER, ActorType.PLATFORM, ActorType.STAFF})
