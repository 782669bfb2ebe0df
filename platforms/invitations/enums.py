from django.db.models import TextChoices


class ConsentSource(TextChoices):
    """Ways in which a worker agreed to work for a platform."""

    INVITATION = "invitation"
    OFFER = "offer"
