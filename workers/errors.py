from gigstream.lib.errors import Refusal


class WorkerSuspended(Refusal):
    """A suspended worker takes no work and no money until staff reinstate them."""

    code = "worker_suspended"


class WorkerDeleted(Refusal):
    """The worker's account has been closed."""

    code = "worker_deleted"


class EmailTaken(Refusal):
    """Another worker has this email address."""

    code = "email_taken"


class WalletTaken(Refusal):
    """Another worker is paid at this address."""

    code = "wallet_taken"


class WalletChanging(Refusal):
    """The worker's payout address is about to change: no payout is made, and no other change, until then."""

    code = "wallet_changing"


class NoWalletChange(Refusal):
    """No change of the payout address is under way."""

    code = "no_wallet_change"


class WalletNotProved(Refusal):
    """The signature that should show whose wallet it is is not its own, or its nonce is spent or expired."""

    code = "wallet_not_proved"
    status = 400


class SignInRefused(Refusal):
    """The email address and password, or the wallet's signature, open no account."""

    code = "sign_in_refused"
    status = 401


class SignInLocked(Refusal):
    """Too many failures in a row: nobody signs in here for a while, not even with the right password."""

    code = "sign_in_locked"
    status = 429


class SignInUnavailable(Refusal):
    """Failures cannot be counted now, and without counting nobody may guess."""

    code = "unavailable"
    status = 503


class SignInSuspended(WorkerSuspended):
    """The credential is right, but the worker is suspended."""

    status = 403


class SessionOver(Refusal):
    """The refresh token is unknown, expired, used before, or its session was ended."""

    code = "session_over"
    status = 401


class WeakPassword(Refusal):
    """The password is too short, too common, or too like the email address."""

    code = "weak_password"
    status = 422


class ResetRefused(Refusal):
    """The token for a new password is unknown, expired or used."""

    code = "reset_refused"
    status = 400


class RegistrationRefused(Refusal):
    """The token that confirms a registration is unknown, expired or used."""

    code = "registration_refused"
    status = 400


class CountryChangedRecently(Refusal):
    """A worker's country changes at most once in 90 days."""

    code = "country_changed_recently"


class InvalidSignInMessage(Refusal):
    """The message is not in the form of EIP-4361, or for another site, chain, address form or time."""

    code = "invalid_sign_in_message"
    status = 400
