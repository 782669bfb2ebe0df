from django.db.models import TextChoices


class Metric(TextChoices):
    """A number of a creator that conditions compare."""

    PLAYS = "plays"
    FOLLOWERS = "followers"
    LIKES = "likes"
    COMMENTS = "comments"
    SHARES = "shares"
    PURCHASES = "purchases"
    REVENUE = "revenue"


class Window(TextChoices):
    """The time over which a metric is counted."""

    ALL_TIME = "all_time"
    # The last 30, today included, in UTC.
    DAYS_30 = "30_days", "30 days"
    # A month of the calendar, in UTC.
    MONTH = "month"


class MilestoneAction(TextChoices):
    """Action that a milestone brings about."""

    CREATE_TOKEN = "create_token"  # noqa: S105 - no secret
    ELIGIBLE = "eligible"
    REVENUE_SHARING = "revenue_sharing"


class ActionStatus(TextChoices):
    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"


# Staff can have a refused action tried again.
ACTION_MOVES = {
    ActionStatus.WAITING: frozenset({ActionStatus.DONE, ActionStatus.REFUSED}),
    ActionStatus.DONE: frozenset(),
    ActionStatus.REFUSED: frozenset({ActionStatus.WAITING}),
}


class ActionTrouble(TextChoices):
    """Reason for which an action waits, or was refused."""

    # The creator is not verified, or has no address for metrics.
    NO_ADDRESS = "no_address"
    # No contract is set.
    ORACLE_OFF = "oracle_off"
    # The creator has a token, or another milestone or request has begun to make it.
    HAS_TOKEN = "has_token"  # noqa: S105 - no secret
    CREATOR_CLOSED = "creator_closed"


WAITS_FOR = frozenset({ActionTrouble.NO_ADDRESS, ActionTrouble.ORACLE_OFF})
REFUSED_FOR = frozenset({ActionTrouble.HAS_TOKEN, ActionTrouble.CREATOR_CLOSED})
