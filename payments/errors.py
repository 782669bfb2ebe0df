from gigstream.lib.errors import Refusal


class InsufficientFunds(Refusal):
    """An account would go below zero."""

    code = "insufficient_funds"
    status = 402


class StreamNotActive(Refusal):
    """Only an active stream is topped up, and only an open one is claimed."""

    code = "stream_not_active"


class StreamNotParked(Refusal):
    """The releases of the stream are tried, so there is nothing to take up again."""

    code = "stream_not_parked"


class NothingToClaim(Refusal):
    """Nothing has vested since the last release."""

    code = "nothing_to_claim"


class TopUpTooSmall(Refusal):
    """A top-up must buy at least one more second at the stream's rate."""

    code = "top_up_too_small"
    status = 422


class DepositsAreObserved(Refusal):
    """With real money a deposit is booked when it is seen on chain, never because somebody says so."""

    code = "deposits_are_observed"


class AmountTooLarge(Refusal):
    """An amount, or a balance with it, would have more than 14 digits before the point."""

    code = "amount_too_large"
    status = 422


class DepositTooLarge(Refusal):
    """Play money: a platform holds only so much of it."""

    code = "deposit_too_large"
    status = 422


class NotAdjustable(Refusal):
    """Staff move money by hand only between what is available and the house's fees, rewards and losses."""

    code = "not_adjustable"
    status = 422


class WithdrawalUnderWay(Refusal):
    """A platform has one withdrawal under way at a time."""

    code = "withdrawal_under_way"


class NoWallet(Refusal):
    """The worker has no wallet to be paid to."""

    code = "no_wallet"


class PayoutUnderWay(Refusal):
    """The transfer was handed to the provider: only the chain decides now."""

    code = "payout_under_way"


class MoneyLeft(Refusal):
    """The party still has money here, or owes some."""

    code = "money_left"


class ExportTooLarge(Refusal):
    """The list has more rows than one file may have."""

    code = "export_too_large"
    status = 422


class SwitchedAlready(Refusal):
    """Payouts are stopped, or go on, already."""

    code = "switched_already"


class NotParked(Refusal):
    """The transfer is not waiting for staff."""

    code = "not_parked"


class NotWithProvider(Refusal):
    """The provider does not have the transfer, or is done with it."""

    code = "not_with_provider"


class BreakResolved(Refusal):
    """The difference is gone or explained already."""

    code = "break_resolved"


class NotForStaff(Refusal):
    """The transfer on chain is not one that waits for staff."""

    code = "not_for_staff"


class NotObserved(Refusal):
    """The chain is not read, or has no such block."""

    code = "not_observed"


class ProviderSaidNo(Refusal):
    """The provider answered and did not do it."""

    code = "provider_refused"


class ProviderSilent(Refusal):
    """The provider did not answer: whether it did it shows the next look."""

    code = "provider_silent"
    status = 503


class UnknownSubject(Refusal):
    """There is no such platform or provider to stop the payouts of."""

    code = "unknown_subject"
    status = 400


class MoneyHeld(Refusal):
    """What is asked for would touch money that is held."""

    code = "money_held"


class HoldExceedsAvailable(Refusal):
    """A hold keeps at most what is available besides other holds."""

    code = "hold_exceeds_available"


class HeldAlready(Refusal):
    """All of the party's money is held already."""

    code = "held_already"


class HoldEnded(Refusal):
    """The hold keeps nothing any more."""

    code = "hold_ended"


class BelowSmallestPayout(Refusal):
    """Less than the smallest payout leaves only as the whole, once a day."""

    code = "below_smallest_payout"
    status = 422


class TooManyCashOuts(Refusal):
    """The worker has cashed out as often as is possible in one day (UTC)."""

    code = "too_many_cash_outs"


class InvalidExpiry(Refusal):
    """A hold ends later than it begins."""

    code = "invalid_hold_expiry"
    status = 422
