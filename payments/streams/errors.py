from gigstream.core.errors import Refusal


class StreamNotActive(Refusal):
    """The stream is not active, as a top-up requires, or not open, as a claim requires."""

    code = "stream_not_active"


class StreamNotParked(Refusal):
    """The stream is not parked, so its releases need no restart."""

    code = "stream_not_parked"


class NothingToClaim(Refusal):
    """Claim of a stream that has vested no more since its last release."""

    code = "nothing_to_claim"


class TopUpTooSmall(Refusal):
    """The top-up pays for less than a second at the stream's rate."""

    code = "top_up_too_small"
    status = 422
