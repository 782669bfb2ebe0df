"""Time zones of streaks, which follow those of the profile without leaving out or repeating a date."""

from datetime import datetime

from audit.log import services as audit
from gigstream.core.unit import in_unit
from reputation.models import CheckIn, StreakZone
from reputation.streaks.calculations import ZONE_HOLDS, first_date_of_zone
from reputation.streaks.errors import TimeZoneChangedRecently
from reputation.streaks.selectors import read_calendar
from workers.models import Worker


@in_unit
def follow_time_zone(*, worker: Worker, now: datetime) -> StreakZone | None:
    """Let the worker's dates be of the profile's new time zone, from the date that `first_date_of_zone`
    names; return the row, or None before the first check-in. The worker is locked.

    Raises TimeZoneChangedRecently.
    """
    rows = list(StreakZone.objects.filter(worker=worker).order_by("first_date"))
    if not rows:
        return None
    _require_settled_zone(rows, now)
    calendar = read_calendar(worker)
    claimed = CheckIn.objects.filter(worker=worker, claimed_at__isnull=False)
    last = claimed.order_by("-local_date").values_list("local_date", flat=True).first()
    first = first_date_of_zone(calendar, worker.time_zone, last_claimed=last, at=now)
    row = StreakZone(worker=worker, time_zone=worker.time_zone, first_date=first, created_at=now)
    row.save(force_insert=True)
    audit.record("streak.change_zone", worker, after={"first_date": first}, now=now)
    return row


def _require_settled_zone(rows: list[StreakZone], now: datetime) -> None:
    """Raise TimeZoneChangedRecently for a second change within 30 days; the first zone is no change."""
    if len(rows) == 1:
        return
    possible_at = rows[-1].created_at + ZONE_HOLDS
    if now < possible_at:
        raise TimeZoneChangedRecently(
            f"the time zone was changed less than {ZONE_HOLDS.days} days ago: again from"
            f" {possible_at.isoformat()}",
            possible_at=possible_at.isoformat(),
        )
