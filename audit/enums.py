from django.db.models import TextChoices


class ActorType(TextChoices):
    """Who did it."""

    WORKER = "worker"
    PLATFORM = "platform"
    STAFF = "staff"
    SYSTEM = "system"
    PROVIDER = "provider"


# Refusals are kept where a person (or the company they act for) asked; a job's refusals are its errors.
PERSONS = frozenset({ActorType.WORKER, ActorType.PLATFORM, ActorType.STAFF})


class Decision(TextChoices):
    """How an act that needs a second person was decided."""

    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class DatabaseKind(TextChoices):
    """Whether a database holds play money or USDC; the two share nothing."""

    TEST = "test"
    LIVE = "live"
