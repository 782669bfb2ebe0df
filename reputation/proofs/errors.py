from gigstream.core.errors import Refusal


class InvalidTransaction(Refusal):
    """No hash of a transaction."""

    code = "invalid_transaction"
    status = 422


class NoIdentity(Refusal):
    """The worker has proved no account of an EVM chain, which could have sent the transaction."""

    code = "identity_missing"


class TooManyTransactions(Refusal):
    """As many transactions of the worker are looked up as may be at a time."""

    code = "too_many_transactions"


class NotShown(Exception):
    """A transaction that does not show what its quest asks for: said by the row that names it."""

    code = "transaction_refused"

    def __init__(self, message: str, **numbers: object) -> None:
        super().__init__(message)
        self.message, self.numbers = message, numbers


class UnknownReferralCode(Refusal):
    """The code belongs to no worker who could have referred this one."""

    code = "referral_code_unknown"
    status = 422


class AlreadyReferred(Refusal):
    """The worker has named another who referred them."""

    code = "already_referred"


class ReferralTooLate(Refusal):
    """The worker has been here too long to name who referred them, or has completed a task."""

    code = "referral_too_late"
