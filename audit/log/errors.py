from gigstream.core.errors import Refusal


class ReasonMissing(Refusal):
    """An action or request of staff without a reason."""

    code = "reason_missing"
    status = 422
