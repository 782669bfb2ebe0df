from gigstream.core.errors import Refusal


class WithdrawalUnderWay(Refusal):
    """The platform has a withdrawal under way, and may have a single one."""

    code = "withdrawal_under_way"
