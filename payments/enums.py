from django.db.models import TextChoices


class AccountName(TextChoices):
    AVAILABLE = "available"
    ESCROW = "escrow"
    IN_TRANSIT = "in_transit"
    LOAN = "loan"
    FEES = "fees"
    REWARDS = "rewards"
    LOSSES = "losses"
    WORLD = "world"


WORKER_ACCOUNTS = frozenset({AccountName.AVAILABLE, AccountName.IN_TRANSIT, AccountName.LOAN})
PLATFORM_ACCOUNTS = frozenset({AccountName.AVAILABLE, AccountName.ESCROW, AccountName.IN_TRANSIT})
HOUSE_ACCOUNTS = frozenset({AccountName.FEES, AccountName.REWARDS, AccountName.LOSSES, AccountName.WORLD})
MAY_GO_BELOW_ZERO = frozenset({AccountName.LOAN, AccountName.REWARDS, AccountName.LOSSES, AccountName.WORLD})


# Between these, staff may move money by hand (domain.md, section 3).
ADJUSTABLE = frozenset({AccountName.AVAILABLE, AccountName.FEES, AccountName.REWARDS, AccountName.LOSSES})


class EntryKind(TextChoices):
    """What a ledger entry records (domain.md, section 3)."""

    DEPOSIT = "deposit"
    HOLD = "hold"
    RELEASE = "release"
    EARNING = "earning"
    FEE = "fee"
    REFUND = "refund"
    ADVANCE = "advance"
    LOAN_FEE = "loan_fee"
    REPAYMENT = "repayment"
    PAYOUT_HOLD = "payout_hold"
    PAYOUT_SETTLED = "payout_settled"
    PAYOUT_VOID = "payout_void"
    WITHDRAWAL_HOLD = "withdrawal_hold"
    WITHDRAWAL_SETTLED = "withdrawal_settled"
    WITHDRAWAL_VOID = "withdrawal_void"
    REWARD = "reward"
    WRITE_OFF = "write_off"
    ADJUSTMENT = "adjustment"


class StreamStatus(TextChoices):
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


STREAM_MOVES = {
    StreamStatus.ACTIVE: frozenset({StreamStatus.PAUSED, StreamStatus.COMPLETED, StreamStatus.CANCELLED}),
    # A paused stream completes when its task is completed early or a dispute is settled in full.
    StreamStatus.PAUSED: frozenset({StreamStatus.ACTIVE, StreamStatus.COMPLETED, StreamStatus.CANCELLED}),
    StreamStatus.COMPLETED: frozenset(),
    StreamStatus.CANCELLED: frozenset(),
}
OPEN_STREAMS = frozenset({StreamStatus.ACTIVE, StreamStatus.PAUSED})


class TransactionType(TextChoices):
    PAYOUT = "payout"
    ADVANCE = "advance"
    REFUND = "refund"
    REPAYMENT = "repayment"
    FEE = "fee"
    DEPOSIT = "deposit"
    REWARD = "reward"
    WITHDRAWAL = "withdrawal"


TO_WORKERS = frozenset({TransactionType.PAYOUT, TransactionType.ADVANCE})
# These leave for a wallet of a worker or a platform: a hold, a transfer, then settled or void.
OUTGOING = TO_WORKERS | {TransactionType.WITHDRAWAL}
# These cross between the ledger and the chain, so once confirmed they have a tx hash.
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
    """Why no job takes a transfer up any more: staff must look."""

    REFUSED = "refused", "the provider refuses it"
    OUTCOME_UNKNOWN = "outcome_unknown", "the provider may have had it, and may have forgotten its key"
    DIFFERS = "differs", "the provider has another amount or address under its key"


class AttemptOperation(TextChoices):
    """What the provider was asked to do for a transfer."""

    TRANSFER = "transfer"
    READ = "read"
    FIND = "find"
    ACCELERATE = "accelerate"
    CANCEL = "cancel"


class BreakerState(TextChoices):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class NotificationStatus(TextChoices):
    """What became of an arrival in the provider's name."""

    RECEIVED = "received"
    FORGED = "forged"
    DUPLICATE = "duplicate"
    GENUINE = "genuine"
    APPLIED = "applied"


NOTIFICATION_MOVES = {
    NotificationStatus.RECEIVED: frozenset(
        {NotificationStatus.FORGED, NotificationStatus.DUPLICATE, NotificationStatus.GENUINE}
    ),
    NotificationStatus.GENUINE: frozenset({NotificationStatus.APPLIED}),
    NotificationStatus.FORGED: frozenset(),
    NotificationStatus.DUPLICATE: frozenset(),
    NotificationStatus.APPLIED: frozenset(),
}


class SwitchScope(TextChoices):
    """What staff can stop at once; earnings go on."""

    PAYOUTS = "payouts"
    PLATFORM = "platform"
    PROVIDER = "provider"


class PayoutHoldKind(TextChoices):
    """Why money is kept: staff say so, or a payout has failed for good."""

    STAFF = "staff"
    FAILED = "failed"


class HoldEnd(TextChoices):
    """How a hold ended."""

    EXPIRED = "expired"
    ADDRESS_CHANGED = "address_changed"
    STAFF = "staff"


class PayoutWait(TextChoices):
    """What a worker's next payout waits for."""

    NOTHING_EARNED = "nothing_earned"
    NO_ADDRESS = "no_address"
    ADDRESS_CHANGE = "address_change"
    SUSPENDED = "suspended"
    HOLD = "hold"
    SMALLEST = "smallest_payout"
    BY_HAND = "by_hand"
    AGE = "age"
    NEXT_RUN = "next_run"


class BreakBucket(TextChoices):
    """How ledger, provider and chain differ about one transfer."""

    AMOUNT_DIFFERS = "amount_differs"
    MISSING_THERE = "missing_there"
    MISSING_HERE = "missing_here"
    STATE_DIFFERS = "state_differs"
    LATE = "late"
    TREASURY = "treasury"


class ObservedStatus(TextChoices):
    """How far a transfer seen on chain has come."""

    SEEN = "seen"
    CREDITED = "credited"
    UNKNOWN_PLATFORM = "unknown_platform"
    VANISHED = "vanished"


OBSERVED_MOVES = {
    ObservedStatus.SEEN: frozenset(
        {ObservedStatus.CREDITED, ObservedStatus.UNKNOWN_PLATFORM, ObservedStatus.VANISHED}
    ),
    # A reorganised chain may mine it again; staff may find whose it is.
    ObservedStatus.VANISHED: frozenset({ObservedStatus.SEEN}),
    ObservedStatus.UNKNOWN_PLATFORM: frozenset({ObservedStatus.CREDITED}),
    ObservedStatus.CREDITED: frozenset(),
}


class TransferState(TextChoices):
    """How far a transfer has come at the provider, in Circle's words; UNKNOWN is any word but these."""

    INITIATED = "INITIATED"
    PENDING_RISK_SCREENING = "PENDING_RISK_SCREENING"
    QUEUED = "QUEUED"
    CLEARED = "CLEARED"
    SENT = "SENT"
    STUCK = "STUCK"
    CONFIRMED = "CONFIRMED"
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    DENIED = "DENIED"
    UNKNOWN = "UNKNOWN"


class ErrorClass(TextChoices):
    """What kind of trouble a call to the provider met, or a transfer on chain."""

    NETWORK = "network"
    GAS = "gas"
    NONCE = "nonce"
    EXECUTION = "execution"
    UNKNOWN_OUTCOME = "unknown_outcome"
    BLOCKED_DESTINATION = "blocked_destination"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    KEY_REUSED = "key_reused"
    CREDENTIALS = "credentials"
    INVALID_REQUEST = "invalid_request"


class FeeLevel(TextChoices):
    """What the house bids for a place in a block, left to the provider to put in figures."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
