from gigstream.api.fields import Amount, StrictSerializer


class DepositForm(StrictSerializer):
    """Deposit that is simulated in the sandbox."""

    amount = Amount()
