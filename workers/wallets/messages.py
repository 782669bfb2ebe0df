"""Messages by which the owner of an account signs in.

Their form is that of EIP-4361, "Sign-In with Ethereum", which CAIP-122 extends to other chains. Accounts of
EVM chains sign it by EIP-191, accounts of Cosmos chains by ADR-036.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from gigstream.core.addresses import InvalidAddress
from gigstream.core.errors import Refusal
from gigstream.sign_in.errors import SignInRefused
from workers.sign_in.tokens import SignedAccount, SignedMessage
from workers.wallets.calculations import is_signed_by_account, require_low_s
from workers.wallets.chains import ACCOUNT_KINDS, LONGEST_ADDRESS, Chain, normal_account, payout_chain
from workers.wallets.enums import KeyType
from workers.wallets.errors import InvalidPublicKey, InvalidSignInMessage, WalletNotProved

SIGN_IN = "Sign in to GigStream."
_PAY = "Pay GigStream "
_ADD = "Add this account to GigStream "
# Beginnings of statements that serve another purpose than to sign in.
_PURPOSES = (_PAY, _ADD)
LONGEST = 2000
# Clocks differ a little.
EARLY = timedelta(minutes=1)
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)"
# The ABNF of EIP-4361, with the line breaks it demands.
_MESSAGE = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?P<domain>[^/?#\s]+)"
    r" wants you to sign in with your (?P<kind>[A-Za-z]+) account:\n"
    rf"(?P<address>[!-~]{{1,{LONGEST_ADDRESS}}})\n\n"
    r"(?:(?P<statement>[\x20-\x7e]+)\n)?\n"
    r"URI: (?P<uri>[\x21-\x7e]+)\n"
    r"Version: 1\n"
    r"Chain ID: (?P<chain_id>[-_a-zA-Z0-9]{1,32})\n"
    r"Nonce: (?P<nonce>[A-Za-z0-9]{8,64})\n"
    rf"Issued At: (?P<issued_at>{_TIME})"
    rf"(?:\nExpiration Time: (?P<expires_at>{_TIME}))?"
    rf"(?:\nNot Before: (?P<not_before>{_TIME}))?"
    r"(?:\nRequest ID: (?P<request_id>[\x21-\x7e]*))?"
    r"(?:\nResources:(?P<resources>(?:\n- [\x21-\x7e]+)*))?",
    re.ASCII,
)
_SIGNATURE = re.compile(r"0x[0-9a-fA-F]{130}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Proof:
    """A message and its signature: hexadecimal of an EVM account; base64 of a Cosmos account, whose public
    key comes along with its type."""

    message: str
    signature: str
    public_key: str = ""
    key_type: KeyType = KeyType.SECP256K1


def site_origin() -> str:
    """Return the origin that messages name as the site to sign in to."""
    scheme = "https" if settings.PRODUCTION else "http"
    return f"{scheme}://{settings.WALLET_SIGN_IN_DOMAIN}"


def payout_statement(worker_id: UUID) -> str:
    """Return the statement by which a wallet becomes this worker's payout address; it serves nothing else."""
    return f"{_PAY}worker {worker_id} at this address."


def withdrawal_statement(platform_id: UUID) -> str:
    """Return the statement by which a wallet becomes this platform's withdrawal address, and nothing else."""
    return f"{_PAY}platform {platform_id} at this address."


def identity_statement(worker_id: UUID) -> str:
    """Return the statement by which an account becomes an identity of this worker; it serves nothing else."""
    return f"{_ADD}worker {worker_id}."


def compose_message(
    address: str,
    *,
    nonce: str,
    now: datetime,
    expires_at: datetime,
    statement: str = SIGN_IN,
    chain: Chain | None = None,
) -> str:
    """Return the message for the account at this address, which is in lower case, to sign; without `chain`
    for an account on the chain of payouts."""
    chain = chain or payout_chain()
    return (
        f"{settings.WALLET_SIGN_IN_DOMAIN} wants you to sign in with your"
        f" {ACCOUNT_KINDS[chain.namespace]} account:\n"
        f"{_written_address(address, chain)}\n\n{statement}\n\n"
        f"URI: {site_origin()}\nVersion: 1\nChain ID: {chain.reference}\n"
        f"Nonce: {nonce}\nIssued At: {_format_time(now)}\nExpiration Time: {_format_time(expires_at)}"
    )


def _written_address(address: str, chain: Chain) -> str:
    """Return the address as a message has it: with its checksum by EIP-55 on EVM chains."""
    from eth_utils.address import to_checksum_address

    return to_checksum_address(address) if chain.is_evm else address


def _format_time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def verify_message(
    text: str, signature: str, *, now: datetime, statement: str | None = None
) -> SignedMessage:
    """Verify a message and its signature as `verify_account` does, for a wallet on the chain of payouts."""
    signed = verify_account(Proof(text, signature), chain=payout_chain(), now=now, statement=statement)
    return SignedMessage(signed.address, signed.nonce)


def verify_account(
    proof: Proof, *, chain: Chain, now: datetime, statement: str | None = None
) -> SignedAccount:
    """Verify the message and its signature, for this site and chain at `now`; the caller spends the nonce.
    Without `statement`, which is the case for sign-in, the message has any text but those of other purposes.

    Raises InvalidSignInMessage for a message for another site, chain, time or purpose; ContractAddress,
    InvalidPublicKey, KeyOfAnotherAddress or SignatureNotLow; for a signature that is not the address' own
    SignInRefused, or WalletNotProved where a statement is demanded.
    """
    text = proof.message
    parts = _MESSAGE.fullmatch(text) if len(text) <= LONGEST else None
    if parts is None:
        raise InvalidSignInMessage("the message is not in the form of EIP-4361")
    _require_ours(parts, chain)
    _require_statement(parts["statement"], statement)
    _require_time(parts, now)
    try:
        address = normal_account(parts["address"], chain=chain)
    except InvalidAddress as error:
        raise InvalidSignInMessage(error.message) from error
    if _written_address(address, chain) != parts["address"]:
        form = "with its EIP-55 checksum" if chain.is_evm else "in lower case"
        raise InvalidSignInMessage(f"the address in the message must be written {form}")
    if not _is_signed(proof, address, chain):
        refusal: type[Refusal] = SignInRefused if statement is None else WalletNotProved
        raise refusal("the signature is not that of the address in the message")
    return SignedAccount(str(chain), address, parts["nonce"])


def _is_signed(proof: Proof, address: str, chain: Chain) -> bool:
    if not chain.is_evm:
        return is_signed_by_account(
            proof.message,
            address=address,
            signature=proof.signature,
            public_key=proof.public_key,
            key_type=proof.key_type,
        )
    if proof.public_key:
        raise InvalidPublicKey(f"the signature of an account of {chain} needs no public key: send none")
    return _recover_signer(proof.message, proof.signature) == address


def named_address(text: str) -> str | None:
    """Return the address in the message as it is written there, if it is in the form of EIP-4361."""
    parts = _MESSAGE.fullmatch(text) if len(text) <= LONGEST else None
    return None if parts is None else parts["address"]


def _require_ours(parts: re.Match[str], chain: Chain) -> None:
    if parts["domain"] != settings.WALLET_SIGN_IN_DOMAIN:
        raise InvalidSignInMessage(f"the message must be for {settings.WALLET_SIGN_IN_DOMAIN}")
    uri, ours = parts["uri"], site_origin()
    if uri != ours and not uri.startswith(f"{ours}/"):
        raise InvalidSignInMessage(f"the URI in the message must be of {ours}")
    if parts["scheme"] not in (None, ours.partition(":")[0]):
        raise InvalidSignInMessage(f"the scheme of the message must be that of {ours}")
    if parts["kind"] != ACCOUNT_KINDS[chain.namespace]:
        raise InvalidSignInMessage(f"the message must be for an account of {chain}", chain=chain)
    if parts["chain_id"] != chain.reference:
        raise InvalidSignInMessage(f"the chain id must be {chain.reference}", chain_id=chain.reference)


def _require_statement(said: str | None, wanted: str | None) -> None:
    if wanted is not None and said != wanted:
        raise InvalidSignInMessage(f"the statement of the message must be: {wanted}")
    if wanted is None and said is not None and said.startswith(_PURPOSES):
        raise InvalidSignInMessage("the message is for another purpose than to sign in")


def _require_time(parts: re.Match[str], now: datetime) -> None:
    issued, expires, begins = (_parse_time(parts[name]) for name in ("issued_at", "expires_at", "not_before"))
    if issued is None or issued > now + EARLY:
        raise InvalidSignInMessage("the message was issued in the future")
    if expires is not None and expires <= now:
        raise InvalidSignInMessage("the message has expired")
    if begins is not None and begins > now:
        raise InvalidSignInMessage("the message is not valid yet")


def _parse_time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidSignInMessage(f"{text} is no time") from error


def _recover_signer(text: str, signature: str) -> str | None:
    """Return the address, in lower case, whose key made the signature; None for an invalid signature."""
    # Imported with the first signature: it takes longer than the rest of a command's start.
    from eth_account import Account
    from eth_account.messages import encode_defunct
    from eth_keys.exceptions import BadSignature
    from eth_utils.exceptions import ValidationError

    if not _SIGNATURE.fullmatch(signature):
        return None
    require_low_s(int(signature[66:130], 16))
    try:
        return Account.recover_message(encode_defunct(text=text), signature=signature).lower()
    except (BadSignature, ValidationError, ValueError, TypeError):
        return None
