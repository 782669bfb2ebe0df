from gigstream.core.errors import Refusal
from gigstream.remote_calls.errors import RemoteCallError
from payments.oracle.enums import Trouble
from payments.settlement.provider.enums import TransferErrorClass


class OracleOff(Refusal):
    """No contract is set, so nothing is written to the chain."""

    code = "oracle_off"


class OperationNotDead(Refusal):
    """Only an operation that was given up is retried."""

    code = "operation_not_dead"


class OperationSuperseded(Refusal):
    """Newer metrics of the operation's creators were written, or are under way, or a creator has left."""

    code = "operation_superseded"


class CreatorHasNoAddress(Refusal):
    """The creator is not verified, or has no address for metrics."""

    code = "creator_has_no_address"


class InvalidToken(Refusal):
    """The name of a token has 1 to 60 characters, its symbol 2 to 11 letters and digits in upper case."""

    code = "invalid_token"
    status = 422


class InvalidRecord(Refusal):
    """A distribution has a number from 1 on, a total of at least 0, and a root of 32 bytes."""

    code = "invalid_record"
    status = 422


class DistributionNotRecorded(Refusal):
    """No operation writes the distribution to the chain yet."""

    code = "distribution_not_recorded"


class NumbersTooLarge(ValueError):
    """A number is beyond what the contract has room for, or below 0."""


class Withheld(RemoteCallError):
    """A call that a rule of ours withholds: the operation waits."""

    error_class = TransferErrorClass.GAS
    trouble: Trouble


class GasBudgetUsed(Withheld):
    """The month's budget for gas has no room for the operation."""

    trouble = Trouble.GAS_BUDGET


class PriceTooHigh(Withheld):
    """Gas costs more now than the ceiling of the settings."""

    trouble = Trouble.PRICE_TOO_HIGH
