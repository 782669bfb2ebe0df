"""Day rows written anew from the events: they come out as they were."""

from datetime import date, datetime
from uuid import UUID

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.postgres.transactions import limit_minutes
from platforms.models import Platform
from platforms.signals import usage_rebuilt
from platforms.usage.calculations.periods import days_between
from platforms.usage.selectors import find_final_listeners
from platforms.usage.services.locks import hold_usage, require_attached

MOST_MINUTES = 30
_STATEMENTS = (
    "rebuild_listeners",
    "rebuild_works_heard",
    "rebuild_creators_heard",
    "rebuild_platform_heard",
    "rebuild_work_days",
    "rebuild_creator_days",
    "rebuild_platform_days",
)


@verb("usage.rebuild", "platform")
def rebuild_days(
    *, platform_id: UUID, first: date, last: date, reason: str, now: datetime | None = None
) -> int:
    """Write the platform's day rows from `first` to `last`, both inclusive, anew from the events and follows;
    return the number of days. No batch of the platform is taken meanwhile. Listeners that are final stay as
    they are.

    Raises PeriodArchived if the events of any of the days are in a file.
    """
    now = now or database_now()
    platform = Platform.objects.get(pk=platform_id)
    hold_usage(platform)
    days = days_between(first, last)
    require_attached(days)
    final = find_final_listeners(platform.pk, first=first, last=last)
    limit_minutes(MOST_MINUTES)
    for name in _STATEMENTS:
        sql.run(
            f"platforms/usage/{name}",
            platform=platform.number,
            platform_id=platform.pk,
            first=first,
            last=last,
            final=final,
        )
    audit.record(
        "usage.rebuild", platform, metadata={"first": first, "last": last, "reason": reason}, now=now
    )
    usage_rebuilt.send(sender=Platform, platforms=[platform], now=now)
    return len(days)
