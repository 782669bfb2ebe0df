from django.db.models import TextChoices


class ApprovalDecision(TextChoices):
    """The outcome of a request for a second person's approval."""

    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
