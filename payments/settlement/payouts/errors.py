from gigstream.core.errors import Refusal


class NoWallet(Refusal):
    """The worker has no wallet to be paid to."""

    code = "no_wallet"


class PayoutUnderWay(Refusal):
    """The transfer was submitted to the provider: only the chain decides now."""

    code = "payout_under_way"


class MoneyHeld(Refusal):
    """The request would touch money that is held."""

    code = "money_held"


class HoldExceedsAvailable(Refusal):
    """The hold would keep more than the money available besides other holds."""

    code = "hold_exceeds_available"


class HeldAlready(Refusal):
    """All of the owner's money is held already."""

    code = "held_already"


class HoldEnded(Refusal):
    """The hold keeps nothing any more."""

    code = "hold_ended"


class BelowSmallestPayout(Refusal):
    """The amount is below the smallest payout, which leaves only as the whole, once a day."""

    code = "below_smallest_payout"
    status = 422


class TooManyCashOuts(Refusal):
    """The worker has cashed out as often as is possible in a day (UTC)."""

    code = "too_many_cash_outs"


class InvalidExpiry(Refusal):
    """The hold would end before it begins."""

    code = "invalid_hold_expiry"
    status = 422
