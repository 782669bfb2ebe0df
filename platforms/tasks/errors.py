from gigstream.core.errors import Refusal

# The same words for a row that never was and for a row of somebody else.
NOTHING_HERE = "there is nothing here that you may see"


class ExternalIdTaken(Refusal):
    """The platform has another task under this external id."""

    code = "external_id_taken"


class TaskNotOpen(Refusal):
    """The task has ended, is disputed, or has not begun: this is not possible."""

    code = "task_not_open"


class StreamCompleted(Refusal):
    """The stream has come to its end and has paid everything: it is not paused, resumed, topped up or
    cancelled any more."""

    code = "stream_completed"
    shows_first_steps = True


class TaskNotFound(Refusal):
    """The platform has no such task."""

    code = "not_found"
    status = 404


class TaskNotOver(Refusal):
    """A worker or platform leaves only when their tasks are over."""

    code = "task_not_over"


class WrongTaskType(Refusal):
    """The request is for another type of task."""

    code = "wrong_task_type"
    status = 422


class MilestonesDoNotAddUp(Refusal):
    """A milestone task's amounts must add up to the task's amount."""

    code = "milestones_do_not_add_up"
    status = 422


class MilestoneOutOfOrder(Refusal):
    """Milestones are approved in order, each once."""

    code = "milestone_out_of_order"


class InvalidSchedule(Refusal):
    """A stream's start, end or interval is outside the limits."""

    code = "invalid_schedule"
    status = 422


class InvalidDueDate(Refusal):
    """A task is due after it is posted."""

    code = "invalid_due_date"
    status = 422


class InvalidRating(Refusal):
    """A rating is a whole number from 1 to 5, given once, for a completed task."""

    code = "invalid_rating"
    status = 422


class InvalidSplit(Refusal):
    """A dispute is resolved by a split between 0 and what is still held for the task."""

    code = "invalid_split"
    status = 422


class InvalidDispute(Refusal):
    """A dispute has a severity from 1 to 5 and a reason; its outcome names worker, platform or nobody."""

    code = "invalid_dispute"
    status = 422


class AlreadyDisputed(Refusal):
    """Each side of a task disputes it once: a decision is final."""

    code = "already_disputed"


class DisputeTooLate(Refusal):
    """A completed task can be disputed for 14 days."""

    code = "dispute_too_late"


class BonusTooLarge(Refusal):
    """A task's bonuses come to its amount at most, or to the platform's own limit."""

    code = "bonus_too_large"
    status = 422


class BonusTooLate(Refusal):
    """A bonus is taken until 30 days after its task was completed."""

    code = "bonus_too_late"


class InvalidWorkEvent(Refusal):
    """The report lacks a field of its type, has a date before its task was posted or after today, or repeats
    a work event with other particulars."""

    code = "invalid_work_event"
    status = 422
