"""Models of the oracle."""

from payments.oracle.models.attempts import ChainAttempt
from payments.oracle.models.creators import CreatorSync, OperationCreator
from payments.oracle.models.gas import GasAlarm, GasSpending
from payments.oracle.models.operations import ChainOperation

__all__ = ["ChainAttempt", "ChainOperation", "CreatorSync", "GasAlarm", "GasSpending", "OperationCreator"]
