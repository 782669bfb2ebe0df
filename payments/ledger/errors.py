from gigstream.core.errors import Refusal


class InsufficientFunds(Refusal):
    """An account would go below zero."""

    code = "insufficient_funds"
    status = 402


class AmountTooLarge(Refusal):
    """An amount, or a balance with it, would have more than 14 digits before the point."""

    code = "amount_too_large"
    status = 422


class NotAdjustable(Refusal):
    """Adjustments are only between available money and the house's fees, rewards and losses."""

    code = "not_adjustable"
    status = 422


class MoneyLeft(Refusal):
    """The owner still has money here, or owes some."""

    code = "money_left"


class UnknownSubject(Refusal):
    """A platform, provider or account of that name does not exist."""

    code = "unknown_subject"
    status = 400
