from gigstream.lib.errors import Refusal


class SamePerson(Refusal):
    """What needs two people is asked for by one and approved by another."""

    code = "same_person"


class NotPermitted(Refusal):
    """Acts of this kind are for members of staff with a certain permission."""

    code = "permission_missing"
    status = 403


class AskedAlready(Refusal):
    """The same kind of act on the same subject waits for a second person already."""

    code = "asked_already"


class DecidedAlready(Refusal):
    """The request was approved, refused or withdrawn, or its time has passed."""

    code = "decided_already"


class PayloadChanged(Refusal):
    """What would be done is not what was asked for."""

    code = "payload_changed"


class ReasonMissing(Refusal):
    """Staff act, and ask others to act, only with a reason."""

    code = "reason_missing"
    status = 422


class InvalidLimit(Refusal):
    """There is no such limit, or it cannot have this value."""

    code = "invalid_limit"
    status = 422


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


class DatabaseMismatch(Refusal):
    """The database was made as another kind, test or live, or for another provider than the settings name."""

    code = "database_mismatch"
    status = 503
