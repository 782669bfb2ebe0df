from gigstream.core.errors import Refusal


class NoWithdrawalAddress(Refusal):
    """The platform has named no address for its withdrawals."""

    code = "no_withdrawal_address"


class WithdrawalAddressRefused(Refusal):
    """Withdrawals go to an address of the platform's own, not to a worker's or to a wallet for deposits."""

    code = "withdrawal_address_refused"
