from gigstream.core.errors import Refusal


class NotEnoughPoints(Refusal):
    """An entry would bring a balance of points below zero."""

    code = "not_enough_points"


class ReversedAlready(Refusal):
    """An entry of points is reversed at most once."""

    code = "points_reversed_already"


class NotReversible(Refusal):
    """Only an entry that an event of a quest made can be reversed."""

    code = "points_not_reversible"


class LeaderboardUnavailable(Refusal):
    """The leaderboard is too large to be read from the database while Redis has no copy of it."""

    code = "leaderboard_unavailable"
    status = 503
