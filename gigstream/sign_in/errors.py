from gigstream.core.errors import Refusal


class SignInRefused(Refusal):
    """The email address and password, or the wallet's signature, open no account."""

    code = "sign_in_refused"
    status = 401


class SignInLocked(Refusal):
    """Too many failures in a row: sign-in is refused for a while, even with the right password."""

    code = "sign_in_locked"
    status = 429


class SignInUnavailable(Refusal):
    """Failures cannot be counted now, and sign-ins are refused until they can."""

    code = "unavailable"
    status = 503


class WeakPassword(Refusal):
    """The password is too short, too common, or too like the email address."""

    code = "weak_password"
    status = 422
