from gigstream.core.errors import Refusal


class PlatformSuspended(Refusal):
    """The platform is suspended: it posts no work and moves no money until staff reinstate it."""

    code = "platform_suspended"


class PlatformDeleted(Refusal):
    """The platform's account has been closed."""

    code = "platform_deleted"


class InvalidRequestLimit(Refusal):
    """A limit of API requests is from 1 to 100,000 a minute."""

    code = "invalid_request_limit"
    status = 422


class InvalidFee(Refusal):
    """A fee is from 0 to 10,000 basis points."""

    code = "invalid_fee"
    status = 422


class PlatformNameTaken(Refusal):
    """Another platform has this name."""

    code = "platform_name_taken"


class ScopeBeyondOwn(Refusal):
    """A key makes or renews only keys that can do no more than itself."""

    code = "scope_beyond_own"
    status = 403


class InvalidExpiry(Refusal):
    """A key ends in the future, if ever."""

    code = "invalid_expiry"
    status = 422


class KeyEnded(Refusal):
    """A key that was revoked or has expired is not rotated: it must be made anew."""

    code = "key_ended"


class KeyKindMismatch(Refusal):
    """A test database has test keys alone, a live one live keys."""

    code = "key_kind_mismatch"
