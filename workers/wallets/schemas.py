from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from gigstream.api.fields import (
    Choice,
    Instant,
    StrictSerializer,
    Text,
    WalletAddress,
)
from workers.models import WalletChange, WalletNonce, Worker
from workers.wallets import messages as wallet_messages
from workers.wallets.chains import LONGEST_ADDRESS, LONGEST_CHAIN, Chain, payout_chain
from workers.wallets.enums import KeyType
from workers.wallets.messages import LONGEST, Proof


class Nonce(serializers.Serializer):
    """A message to be signed by the wallet."""

    nonce = Text(help_text="good once")
    expires_at = Instant()
    message = Text(help_text="an EIP-4361 message, ready to be signed")


class PendingWallet(serializers.Serializer):
    """A payout address that holds from some time on."""

    wallet_address = Text()
    effective_at = Instant(help_text="nothing is paid out until then")


class MyWallet(serializers.Serializer):
    """The payout address."""

    wallet_address = Text(allow_null=True)
    change = PendingWallet(allow_null=True)


def wallet_as_json(worker: Worker, change: WalletChange | None) -> dict[str, Any]:
    """Return the worker's payout address and the change under way."""
    pending = change and {"wallet_address": change.wallet_address, "effective_at": change.effective_at}
    return {"wallet_address": worker.wallet_address, "change": pending}


def nonce_as_json(
    nonce: WalletNonce, address: str, *, statement: str, chain: Chain | None = None
) -> dict[str, Any]:
    """Return the nonce in a message for the account at this address, by default on the chain of payouts."""
    message = wallet_messages.compose_message(
        address,
        nonce=nonce.nonce,
        now=nonce.created_at,
        expires_at=nonce.expires_at,
        statement=statement,
        chain=chain or payout_chain(),
    )
    return {"nonce": nonce.nonce, "expires_at": nonce.expires_at, "message": message}


class NonceForm(StrictSerializer):
    wallet_address = WalletAddress()


class WalletForm(StrictSerializer):
    message = Text(max_length=LONGEST)
    signature = Text(max_length=132)


class ChainField(Text):
    """The CAIP-2 id of a chain; omitted, it is the chain of payouts."""

    def __init__(self, **kwargs: Any) -> None:
        words = "CAIP-2 id of the chain, as cosmos:zigchain-1; omitted, it is the chain of payouts"
        super().__init__(**{"max_length": LONGEST_CHAIN, "required": False, "help_text": words, **kwargs})


class AccountForm(StrictSerializer):
    chain = ChainField()
    wallet_address = Text(max_length=LONGEST_ADDRESS)


class ProofForm(StrictSerializer):
    chain = ChainField()
    message = Text(max_length=LONGEST)
    signature = Text(max_length=132, help_text="hexadecimal; in base64 of an account of a Cosmos chain")
    public_key = Text(
        max_length=48, required=False, help_text="of an account of a Cosmos chain: compressed, in base64"
    )
    key_type = Choice(
        choices=KeyType.choices, required=False, help_text="type of the public key; omitted, it is secp256k1"
    )


def proof_of(given: Mapping[str, Any]) -> Proof:
    """Return the proof in a valid `ProofForm`."""
    return Proof(
        given["message"],
        given["signature"],
        given.get("public_key", ""),
        KeyType(given.get("key_type", KeyType.SECP256K1)),
    )
