from django.db.models import TextChoices


class ReputationEventType(TextChoices):
    TASK_COMPLETED = "task_completed"
    TASK_LATE = "task_late"
    DISPUTE_FILED = "dispute_filed"
    DISPUTE_RESOLVED = "dispute_resolved"
    RATING_RECEIVED = "rating_received"
    MANUAL_ADJUSTMENT = "manual_adjustment"
    LOAN_REPAID = "loan_repaid"
    LOAN_DEFAULTED = "loan_defaulted"


class Tier(TextChoices):
    """Bands of the reputation score."""

    STARTER = "Starter"
    BRONZE = "Bronze"
    SILVER = "Silver"
    GOLD = "Gold"
    PLATINUM = "Platinum"
    DIAMOND = "Diamond"


TIER_FLOORS = (
    (900, Tier.DIAMOND),
    (800, Tier.PLATINUM),
    (700, Tier.GOLD),
    (600, Tier.SILVER),
    (400, Tier.BRONZE),
    (0, Tier.STARTER),
)
