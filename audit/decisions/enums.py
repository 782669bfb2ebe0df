from django.db.models import TextChoices


class WhoDecides(TextChoices):
    """The decider of a rule: the system by itself, a member of staff, or either."""

    SYSTEM = "system"
    PERSON = "person"
    EITHER = "either"
