from gigstream.core.errors import Refusal


class DepositsAreObserved(Refusal):
    """Deposit that the chain does not show: with real money a deposit is booked when it is observed."""

    code = "deposits_are_observed"


class DepositTooLarge(Refusal):
    """The platform would hold more play money than SIMULATED_BALANCE_LIMIT."""

    code = "deposit_too_large"
    status = 422


class NotObserved(Refusal):
    """No node of the chain is set, or it has no such block."""

    code = "not_observed"


class CreditedAlready(Refusal):
    """The transfer on the chain is on the books already."""

    code = "credited_already"
