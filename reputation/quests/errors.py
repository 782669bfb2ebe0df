from gigstream.core.errors import Refusal


class QuestNotFound(Refusal):
    """A quest that the caller cannot see, or that never was."""

    code = "not_found"
    status = 404


class InvalidQuest(Refusal):
    """The terms of the quest contradict each other, or may not change any more."""

    code = "invalid_quest"
    status = 422


class SlugTaken(Refusal):
    """The owner has another quest with this slug."""

    code = "quest_slug_taken"


class QuestNotOpen(Refusal):
    """The quest is not open, has not begun or is over."""

    code = "quest_not_open"


class QuestExhausted(Refusal):
    """The budget of the quest, or the number of its places, is not enough for another reward."""

    code = "quest_exhausted"


class QuestLimitReached(Refusal):
    """The worker has as many rewards of the quest as a worker may have in its period."""

    code = "quest_limit_reached"


class QuestCooldown(Refusal):
    """The worker's last event of the quest is not long enough ago."""

    code = "quest_cooldown"


class NotEligible(Refusal):
    """The quest is not for this worker: their tier, the age of their account or their country."""

    code = "quest_not_eligible"


class NotClaimable(Refusal):
    """Events of this quest are reported by its owner, and not claimed by workers."""

    code = "quest_not_claimable"


class SocialAccountNeeded(Refusal):
    """The worker has linked no account of the network on which the quest's act is done."""

    code = "social_account_needed"


class NotReportable(Refusal):
    """Events of this quest follow from submissions, and are not reported."""

    code = "quest_not_reportable"


class AlreadyReported(Refusal):
    """The fact has been reported before, for another worker."""

    code = "fact_already_reported"


class InvalidFact(Refusal):
    """The fact has no date of its quest's period, lies in the future or outside the time of its quest, or
    lacks its id."""

    code = "invalid_fact"
    status = 422


class PoolExhausted(Refusal):
    """The house gives its quests no more than its weekly pool."""

    code = "quest_pool_exhausted"


class AlreadyReserved(Refusal):
    """The worker has an open reservation of this quest."""

    code = "quest_already_reserved"


class ReservationExpired(Refusal):
    """The lease of the worker's reservation is over."""

    code = "reservation_expired"


class EventNotHeld(Refusal):
    """The event waits for no decision."""

    code = "quest_event_not_held"


class EventNotDeferred(Refusal):
    """The grant of the event has not failed."""

    code = "quest_event_not_deferred"


class RewardAboveLimit(Refusal):
    """A single reward of the quest is above what the quest may grant in an hour, or a worker get in a day."""

    code = "quest_reward_above_limit"


class RewardsNotDecided(Refusal):
    """The worker has rewards of quests that wait to be granted, or are held."""

    code = "quest_rewards_not_decided"
