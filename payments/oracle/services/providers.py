"""The provider that calls the registry contract, the contract's address, and who reads it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from audit.database_identity.services import require_own_database
from payments.models import ChainOperation
from payments.oracle.contract import simulated
from payments.settlement.health import ORACLE
from payments.settlement.provider import configured_provider
from payments.settlement.provider.chain import Chain, configured_chain
from payments.settlement.provider.protocol import ContractProvider
from payments.settlement.transfers.services.transfers import key_for

# The breaker's name: calls of the oracle that fail stop no payout.
SERVICE = ORACLE
SANDBOX = "sandbox"


class Reader(Protocol):
    def read_contract(self, *, contract: str, data: str) -> str:
        """Return the result, in hexadecimal, of a call that changes nothing."""


@dataclass(frozen=True, slots=True)
class Oracle:
    """The contract at its address, with those through whom it is called and read; without an address nothing
    is written."""

    provider: ContractProvider
    contract: str
    chain: Chain | None

    @property
    def reader(self) -> Reader:
        """The node, which is independent of the provider, where there is one."""
        return self.chain or self.provider

    def newest_block(self, now: datetime) -> int:
        """Return the number of the newest block, by the clock where no node can be called. Raises
        ServiceUnavailable."""
        if self.chain is not None:
            return self.chain.head().number
        seconds = settings.ORACLE_BLOCK_SECONDS
        if self.provider.name == SANDBOX:
            seconds = settings.SANDBOX_BLOCK_SECONDS
        return int(now.timestamp()) // seconds


def configured_oracle() -> Oracle:
    """Return the oracle that the settings name. Raises DatabaseMismatch when the database has another
    provider."""
    require_own_database()
    provider: ContractProvider = (
        import_string(settings.ORACLE_PROVIDER)() if settings.ORACLE_PROVIDER else configured_provider()
    )
    return oracle_of(provider)


def oracle_of(provider: ContractProvider) -> Oracle:
    """Return the oracle that works through this provider."""
    if provider.name == SANDBOX:
        return Oracle(provider, settings.ORACLE_CONTRACT.lower() or simulated.ADDRESS, None)
    return Oracle(provider, settings.ORACLE_CONTRACT.lower(), configured_chain())


def round_key(operation: ChainOperation, round_: int | None = None) -> UUID:
    """Return the provider's key of a round, by default the present one: it follows from the operation, and so
    outlives crashes and restores."""
    return key_for(f"oracle:{operation.pk}:{round_ or operation.round}")
