from gigstream.core.errors import Refusal


class ZeroAdjustment(Refusal):
    """An adjustment moves the score."""

    code = "zero_adjustment"
    status = 422
