from gigstream.lib.errors import Refusal


class ClaimedByAnother(Refusal):
    """Somebody else of the staff sees to it."""

    code = "claimed_by_another"


class NotClaimed(Refusal):
    """Nobody has claimed it, so nobody can give it back."""

    code = "not_claimed"


class UnknownJob(Refusal):
    """The schedule has no job of that name."""

    code = "unknown_job"
    status = 404
