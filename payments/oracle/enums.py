from django.db.models import TextChoices


class OperationKind(TextChoices):
    """Kind of an operation on the chain."""

    UPDATE_METRICS = "update_metrics"
    CREATE_TOKEN = "create_token"  # noqa: S105 - no secret
    DISTRIBUTE = "distribute"


class OperationStatus(TextChoices):
    PENDING = "pending"
    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"
    DEAD = "dead"


# What is submitted and comes to nothing is pending again, in another round; staff can retry a dead operation.
OPERATION_MOVES = {
    OperationStatus.PENDING: frozenset(
        {OperationStatus.SUBMITTED, OperationStatus.CONFIRMED, OperationStatus.DEAD}
    ),
    OperationStatus.SUBMITTED: frozenset(
        {OperationStatus.PENDING, OperationStatus.CONFIRMED, OperationStatus.DEAD}
    ),
    OperationStatus.CONFIRMED: frozenset(),
    OperationStatus.DEAD: frozenset({OperationStatus.PENDING}),
}
OPEN = frozenset({OperationStatus.PENDING, OperationStatus.SUBMITTED})


class Trouble(TextChoices):
    """Reason for which an open operation waits, or a dead operation was given up."""

    # The provider or the node gives no answer, or none that can be understood.
    SERVICE_AWAY = "service_away"
    GAS_BUDGET = "gas_budget"
    PRICE_TOO_HIGH = "price_too_high"
    NO_FUNDS = "no_funds"
    # An earlier nonce of the account is in no block.
    NONCE_GAP = "nonce_gap"
    # No block has it yet, after the time in which one usually does.
    SLOW = "slow"
    # Confirmed by the provider, and not yet shown by the chain.
    NOT_SHOWN = "not_shown"
    # Another transaction has used its nonce.
    REPLACED = "replaced"
    REFUSED = "refused"
    REVERTED = "reverted"
    # The chain shows other values than those that were written, or nothing.
    DIFFERS = "differs"
    # It came to nothing in so many rounds.
    EXHAUSTED = "exhausted"
    # The creator, whose address is gone, has left.
    CREATOR_LEFT = "creator_left"


WAITING = frozenset(
    {
        Trouble.SERVICE_AWAY,
        Trouble.GAS_BUDGET,
        Trouble.PRICE_TOO_HIGH,
        Trouble.NO_FUNDS,
        Trouble.NONCE_GAP,
        Trouble.SLOW,
        Trouble.NOT_SHOWN,
        Trouble.REPLACED,
        Trouble.REVERTED,
    }
)
GIVEN_UP = frozenset(
    {
        Trouble.REPLACED,
        Trouble.REFUSED,
        Trouble.REVERTED,
        Trouble.DIFFERS,
        Trouble.EXHAUSTED,
        Trouble.CREATOR_LEFT,
    }
)


class ChainCall(TextChoices):
    """Operation of a service, in an attempt."""

    EXECUTE = "execute"
    READ = "read"
    ACCELERATE = "accelerate"


class ChainErrorClass(TextChoices):
    """Class of an error as sync health counts it."""

    NETWORK = "network"
    GAS = "gas"
    NONCE = "nonce"
    EXECUTION = "execution"
    UNKNOWN = "unknown"
