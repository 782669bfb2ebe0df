from gigstream.core.errors import Refusal


class InvalidUsageBatch(Refusal):
    """A body that cannot be read as a batch of usage events."""

    code = "invalid_usage_batch"
    status = 400


class UsageBatchTooLarge(Refusal):
    """A body with too many events, too many bytes, or more bytes unpacked than its size allows."""

    code = "usage_batch_too_large"
    status = 413


class UsageEventNotFound(Refusal):
    """The platform has no usage event with this number and time."""

    code = "not_found"
    status = 404


class CorrectionNotFound(Refusal):
    """The platform has no such correction."""

    code = "not_found"
    status = 404


class ReceiptNotFound(Refusal):
    """The platform has no receipt of this number, or the event stands in none."""

    code = "not_found"
    status = 404


class EventCorrected(Refusal):
    """The event has been corrected, or is itself the outcome of a correction: that one is reverted first."""

    code = "usage_event_corrected"


class InvalidCorrection(Refusal):
    """The correction changes nothing, or names what it cannot change."""

    code = "invalid_correction"
    status = 422


class CorrectionReverted(Refusal):
    """The correction was reverted before, or reverts another itself."""

    code = "correction_reverted"


class PeriodFinal(Refusal):
    """The day belongs to a period whose pay is final."""

    code = "period_final"


class PeriodArchived(Refusal):
    """The events of the month are in a file: nothing of it changes until the file is attached again."""

    code = "period_archived"


class MonthNotEnded(Refusal):
    """The month is too young to be put into a file."""

    code = "usage_month_not_ended"


class ArchiveDamaged(Refusal):
    """The file of a month is not the one that was written."""

    code = "usage_archive_damaged"


class FindingNotOpen(Refusal):
    """The finding of artificial use has been decided."""

    code = "finding_not_open"


class FindingNotFound(Refusal):
    """The creator has no such finding."""

    code = "not_found"
    status = 404


class InvalidContest(Refusal):
    """A contest is said in words, and in not too many."""

    code = "invalid_contest"
    status = 422
