from gigstream.core.errors import Refusal


class TimeZoneChangedRecently(Refusal):
    """A worker's time zone changes at most once in 30 days."""

    code = "time_zone_changed_recently"


class InvalidPause(Refusal):
    """A pause of a streak is declared ahead, lasts at most 14 days, and keeps a date apart from others."""

    code = "invalid_pause"
    status = 422


class InvalidOutage(Refusal):
    """An outage is over, and lasted at most 14 days."""

    code = "invalid_outage"
    status = 422
