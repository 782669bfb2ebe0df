"""Chains whose accounts sign in, by their CAIP-2 ids: EVM chains, and Cosmos chains with addresses
`zig1…`."""

import re
from dataclasses import dataclass

from django.conf import settings

from gigstream.core.addresses import normal_address
from workers.wallets.calculations import normal_cosmos_address
from workers.wallets.errors import UnknownChain

EVM, COSMOS = "eip155", "cosmos"
# Names of the kinds of accounts in messages (CAIP-122).
ACCOUNT_KINDS = {EVM: "Ethereum", COSMOS: "Cosmos"}
LONGEST_CHAIN, LONGEST_ADDRESS = 41, 90
_CAIP_2 = re.compile(r"eip155:[1-9]\d{0,17}|cosmos:[-_a-zA-Z0-9]{1,32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain by its CAIP-2 id: a namespace, and a reference within it."""

    namespace: str
    reference: str

    def __str__(self) -> str:
        return f"{self.namespace}:{self.reference}"

    @property
    def is_evm(self) -> bool:
        return self.namespace == EVM


def parse_chain(text: str) -> Chain | None:
    """Return the chain with this CAIP-2 id; None for another text or namespace."""
    if not _CAIP_2.fullmatch(text):
        return None
    namespace, _, reference = text.partition(":")
    return Chain(namespace, reference)


def payout_chain() -> Chain:
    """Return the chain of payouts, on which accounts always sign in."""
    return Chain(EVM, str(settings.CHAIN_ID))


def supported_chains() -> list[str]:
    """Return the ids of the chains whose accounts sign in, the chain of payouts first."""
    return list(dict.fromkeys([str(payout_chain()), *settings.SIGN_IN_CHAINS]))


def find_chain(text: str | None) -> Chain:
    """Return the chain with this id, or the chain of payouts for None. Raise UnknownChain."""
    if text is None:
        return payout_chain()
    chain, supported = parse_chain(text), supported_chains()
    if chain is None or text not in supported:
        raise UnknownChain(f"accounts of {text} do not sign in: of {', '.join(supported)} they do")
    return chain


def normal_account(text: str, *, chain: Chain) -> str:
    """Return the account's address in lower case. Raise InvalidAddress or ContractAddress."""
    return normal_address(text) if chain.is_evm else normal_cosmos_address(text)
