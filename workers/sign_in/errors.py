from gigstream.core.errors import Refusal
from workers.profiles.errors import WorkerSuspended


class SignInSuspended(WorkerSuspended):
    """The credential is right, but the worker is suspended."""

    status = 403


class SessionOver(Refusal):
    """The refresh token is unknown, expired, used before, or its session was ended."""

    code = "session_over"
    status = 401


class ResetRefused(Refusal):
    """The token for a new password is unknown, expired or used."""

    code = "reset_refused"
    status = 400


class RegistrationRefused(Refusal):
    """The token that confirms a registration is unknown, expired or used."""

    code = "registration_refused"
    status = 400
