from gigstream.core.errors import Refusal


class InvalidLimit(Refusal):
    """An unknown limit, or a value that it cannot have."""

    code = "invalid_limit"
    status = 422
