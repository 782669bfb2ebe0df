"""Locks of usage: batches of a platform go side by side, a change of counted events goes alone."""

from collections.abc import Collection
from datetime import date

from gigstream.core.postgres.transactions import share_lock, wait_for_lock
from platforms.models import Platform, UsageArchive
from platforms.usage.errors import PeriodArchived


def share_usage(platform: Platform) -> None:
    """Let no correction or rebuild of the platform's usage begin until the transaction ends."""
    share_lock(_name_of(platform))


def hold_usage(platform: Platform) -> None:
    """Let nothing else change the platform's usage until the transaction ends."""
    wait_for_lock(_name_of(platform))


def _name_of(platform: Platform) -> str:
    return f"usage {platform.pk}"


def month_of(day: date) -> date:
    """Return the first day of the month."""
    return day.replace(day=1)


def archived_among(days: Collection[date]) -> set[date]:
    """Return the months of these days whose events are in a file and not attached."""
    months = {month_of(day) for day in days}
    return set(
        UsageArchive.objects.filter(month__in=months, attached_at=None).values_list("month", flat=True)
    )


def require_attached(days: Collection[date]) -> None:
    """Raise PeriodArchived unless the events of all these days are in the database."""
    archived = archived_among(days)
    if archived:
        month = min(archived)
        raise PeriodArchived(
            f"the events of {month:%Y-%m} are in a file, and its days are sealed", month=f"{month:%Y-%m}"
        )
