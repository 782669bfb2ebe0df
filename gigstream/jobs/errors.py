from gigstream.core.errors import Refusal


class UnknownJob(Refusal):
    """The schedule has no job of that name."""

    code = "unknown_job"
    status = 404
