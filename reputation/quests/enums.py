from django.db.models import TextChoices


class QuestKind(TextChoices):
    SOCIAL_CHECK = "social_check"
    SUBMISSION = "submission"
    ON_CHAIN = "on_chain"
    CHECK_IN = "check_in"
    REFERRAL = "referral"
    CUSTOM = "custom"


# Facts of these kinds are there for anybody to report (a post, a transaction, a file, a worker who joined),
# so the first report counts; those of the other kinds are the worker's own.
SHARED_FACTS = frozenset(
    {QuestKind.SOCIAL_CHECK, QuestKind.SUBMISSION, QuestKind.ON_CHAIN, QuestKind.REFERRAL}
)


class RewardKind(TextChoices):
    POINTS = "points"
    PAYOUT = "payout"


class QuestPeriod(TextChoices):
    """The period in which a worker's limit counts: all of the quest's time, or a date of the worker's."""

    ONCE = "once"
    DAILY = "daily"


class QuestStatus(TextChoices):
    DRAFT = "draft"
    OPEN = "open"
    PAUSED = "paused"
    EXHAUSTED = "exhausted"
    CLOSED = "closed"


QUEST_MOVES = {
    QuestStatus.DRAFT: frozenset({QuestStatus.OPEN, QuestStatus.CLOSED}),
    QuestStatus.OPEN: frozenset({QuestStatus.PAUSED, QuestStatus.EXHAUSTED, QuestStatus.CLOSED}),
    QuestStatus.PAUSED: frozenset({QuestStatus.OPEN, QuestStatus.CLOSED}),
    QuestStatus.EXHAUSTED: frozenset({QuestStatus.OPEN, QuestStatus.PAUSED, QuestStatus.CLOSED}),
    QuestStatus.CLOSED: frozenset(),
}


class QuestEventStatus(TextChoices):
    RECEIVED = "received"
    HELD = "held"
    GRANTED = "granted"
    SETTLED = "settled"
    REJECTED = "rejected"


QUEST_EVENT_MOVES = {
    QuestEventStatus.RECEIVED: frozenset(
        {QuestEventStatus.HELD, QuestEventStatus.GRANTED, QuestEventStatus.REJECTED}
    ),
    QuestEventStatus.HELD: frozenset({QuestEventStatus.GRANTED, QuestEventStatus.REJECTED}),
    QuestEventStatus.GRANTED: frozenset({QuestEventStatus.SETTLED}),
    QuestEventStatus.SETTLED: frozenset(),
    QuestEventStatus.REJECTED: frozenset(),
}


# Code of an event that waits since its grant has raised an error.
FAILED = "grant_failed"

# The reward of an event in these statuses is booked.
REWARDED = frozenset({QuestEventStatus.GRANTED, QuestEventStatus.SETTLED})


class ReservationStatus(TextChoices):
    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"


RESERVATION_MOVES = {
    ReservationStatus.OPEN: frozenset({ReservationStatus.USED, ReservationStatus.EXPIRED}),
    ReservationStatus.USED: frozenset(),
    ReservationStatus.EXPIRED: frozenset(),
}
