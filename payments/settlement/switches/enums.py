from django.db.models import TextChoices


class SwitchScope(TextChoices):
    """Scope of a stop of payouts. Earnings go on in each of them."""

    PAYOUTS = "payouts"
    PLATFORM = "platform"
    PROVIDER = "provider"
