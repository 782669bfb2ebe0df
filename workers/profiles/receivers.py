"""Automatic consequences of a passed day (domain.md, section 5)."""

from datetime import datetime

from django.dispatch import receiver

from workers import services
from workers.signals import day_passed


@receiver(day_passed)
def update_account_ages(*, now: datetime | None = None, **kwargs: object) -> int:
    """Update `account_age_days` of every worker."""
    return services.age_accounts(now=now)
