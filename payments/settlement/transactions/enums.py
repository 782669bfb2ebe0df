from django.db.models import TextChoices


class TransactionType(TextChoices):
    PAYOUT = "payout"
    ADVANCE = "advance"
    REFUND = "refund"
    REPAYMENT = "repayment"
    FEE = "fee"
    DEPOSIT = "deposit"
    REWARD = "reward"
    WITHDRAWAL = "withdrawal"


REFERENCE_PREFIXES = {
    TransactionType.PAYOUT: "PO",
    TransactionType.ADVANCE: "AD",
    TransactionType.REFUND: "RE",
    TransactionType.REPAYMENT: "RP",
    TransactionType.FEE: "FE",
    TransactionType.DEPOSIT: "DE",
    TransactionType.REWARD: "RW",
    TransactionType.WITHDRAWAL: "WD",
}


TO_WORKERS = frozenset({TransactionType.PAYOUT, TransactionType.ADVANCE})


# Transfers to a wallet of a worker or a platform: a hold, a transfer, then settled or void.
OUTGOING = TO_WORKERS | {TransactionType.WITHDRAWAL}


# Movements between the ledger and the chain: once confirmed they have a tx hash.
ON_CHAIN = OUTGOING | {TransactionType.DEPOSIT}


RARE_TYPES = frozenset(
    {
        TransactionType.ADVANCE,
        TransactionType.DEPOSIT,
        TransactionType.REFUND,
        TransactionType.REWARD,
        TransactionType.WITHDRAWAL,
    }
)


class TransactionStatus(TextChoices):
    PENDING = "pending"
    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    CANCELLED = "cancelled"


TRANSACTION_MOVES = {
    TransactionStatus.PENDING: frozenset({TransactionStatus.SUBMITTED, TransactionStatus.CANCELLED}),
    TransactionStatus.SUBMITTED: frozenset({TransactionStatus.CONFIRMED, TransactionStatus.FAILED}),
    TransactionStatus.CONFIRMED: frozenset(),
    TransactionStatus.FAILED: frozenset(),
    TransactionStatus.CANCELLED: frozenset(),
}


UNDER_WAY = frozenset({TransactionStatus.PENDING, TransactionStatus.SUBMITTED})


class ParkReason(TextChoices):
    """Reason why no job takes a transfer up any more until staff look."""

    REFUSED = "refused", "the provider refuses it"
    OUTCOME_UNKNOWN = "outcome_unknown", "the provider may have had it, and may have forgotten its key"
    DIFFERS = "differs", "the provider has another amount or address under its key"
