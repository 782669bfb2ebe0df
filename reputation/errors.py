from gigstream.lib.errors import Refusal


class ReasonMissing(Refusal):
    """Staff change a score only with a reason."""

    code = "reason_missing"
    status = 422


class ZeroAdjustment(Refusal):
    """An adjustment moves the score."""

    code = "zero_adjustment"
    status = 422
