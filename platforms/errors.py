from gigstream.lib.errors import Refusal

# The same words for what never was and for what belongs to somebody else.
NOTHING_HERE = "there is nothing here that you may see"


class PlatformSuspended(Refusal):
    """A suspended platform posts no work and moves no money until staff reinstate it."""

    code = "platform_suspended"


class PlatformDeleted(Refusal):
    """The platform's account has been closed."""

    code = "platform_deleted"


class ExternalIdTaken(Refusal):
    """The platform has another task under this external id."""

    code = "external_id_taken"


class TaskNotOpen(Refusal):
    """The task has ended, is disputed, or has not begun: it does not allow this act."""

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


class NoWithdrawalAddress(Refusal):
    """The platform has named no address for its withdrawals."""

    code = "no_withdrawal_address"


class WithdrawalAddressRefused(Refusal):
    """Withdrawals go to an address of the platform's own, not to a worker's or to a wallet for deposits."""

    code = "withdrawal_address_refused"


class WorkerNotFound(Refusal):
    """Nobody has this id, or the worker has not agreed to work for the platform."""

    code = "not_found"
    status = 404


class NoConsent(Refusal):
    """The worker does not work for the platform, so there is nothing to leave."""

    code = "not_found"
    status = 404


class TaskNotOver(Refusal):
    """A party leaves only when its tasks are over."""

    code = "task_not_over"


class WrongTaskType(Refusal):
    """The act belongs to another type of task."""

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
    """Each side of a task disputes it once: what was decided stays decided."""

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


class InvalidRequestLimit(Refusal):
    """A limit of API requests is from 1 to 100,000 a minute."""

    code = "invalid_request_limit"
    status = 422


class InvalidFee(Refusal):
    """A fee is from 0 to 10,000 basis points."""

    code = "invalid_fee"
    status = 422


class PlatformNameTaken(Refusal):
    """Another platform has this name."""

    code = "platform_name_taken"


class ScopeBeyondOwn(Refusal):
    """A key makes or renews only keys that can do no more than it can itself."""

    code = "scope_beyond_own"
    status = 403


class InvalidExpiry(Refusal):
    """A key ends in the future, if ever."""

    code = "invalid_expiry"
    status = 422


class KeyEnded(Refusal):
    """A key that was revoked or has expired is not rotated: it must be made anew."""

    code = "key_ended"


class InvalidWorkEvent(Refusal):
    """The report lacks what its type needs, has a date before its task was posted or after today, or repeats
    a fact with other particulars."""

    code = "invalid_work_event"
    status = 422


class InvitationRefused(Refusal):
    """The invitation is unknown, expired, used or was sent to another address."""

    code = "invitation_refused"
    status = 400


class TooManyInvitations(Refusal):
    """The platform has invited as many people as it may in a day."""

    code = "too_many_invitations"
    status = 429


class InvalidWebhookUrl(Refusal):
    """A webhook is an https URL of a public host."""

    code = "invalid_webhook_url"
    status = 400


class NoWebhook(Refusal):
    """The platform has set no webhook, so there is nowhere to deliver to."""

    code = "no_webhook"


class WebhookDisabled(Refusal):
    """The webhook was switched off, by staff or because it kept failing."""

    code = "webhook_disabled"


class InvalidEventRange(Refusal):
    """A range of events begins at 1 or later, does not end before it begins, and is not too long."""

    code = "invalid_event_range"
    status = 422


class KeyKindMismatch(Refusal):
    """A test database has test keys alone, a live one live keys."""

    code = "key_kind_mismatch"
