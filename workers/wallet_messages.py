"""Messages by which a wallet signs its owner in (EIP-4361, "Sign-In with Ethereum"), signed by EIP-191."""

import re
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from gigstream.lib.addresses import InvalidAddress, normal_address
from workers.errors import InvalidSignInMessage, SignInRefused, WalletNotProved
from workers.tokens import SignedMessage

SIGN_IN = "Sign in to GigStream."
_PAY = "Pay GigStream "
LONGEST = 2000
# Clocks differ a little.
EARLY = timedelta(minutes=1)
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)"
# The ABNF of EIP-4361, with the line breaks it demands.
_MESSAGE = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?P<domain>[^/?#\s]+)"
    r" wants you to sign in with your Ethereum account:\n"
    r"(?P<address>0x[0-9A-Fa-f]{40})\n\n"
    r"(?:(?P<statement>[\x20-\x7e]+)\n)?\n"
    r"URI: (?P<uri>[\x21-\x7e]+)\n"
    r"Version: 1\n"
    r"Chain ID: (?P<chain_id>\d{1,18})\n"
    r"Nonce: (?P<nonce>[A-Za-z0-9]{8,64})\n"
    rf"Issued At: (?P<issued_at>{_TIME})"
    rf"(?:\nExpiration Time: (?P<expires_at>{_TIME}))?"
    rf"(?:\nNot Before: (?P<not_before>{_TIME}))?"
    r"(?:\nRequest ID: (?P<request_id>[\x21-\x7e]*))?"
    r"(?:\nResources:(?P<resources>(?:\n- [\x21-\x7e]+)*))?",
    re.ASCII,
)
_SIGNATURE = re.compile(r"0x[0-9a-fA-F]{130}", re.ASCII)


def origin() -> str:
    """What wallets are told that they sign in to."""
    scheme = "https" if settings.PRODUCTION else "http"
    return f"{scheme}://{settings.WALLET_SIGN_IN_DOMAIN}"


def payout_statement(worker_id: UUID) -> str:
    """What a wallet says to be a worker's; for no other worker, and for nothing else."""
    return f"{_PAY}worker {worker_id} at this address."


def withdrawal_statement(platform_id: UUID) -> str:
    """Return what a wallet says to be a platform's; for no other platform, and for nothing else."""
    return f"{_PAY}platform {platform_id} at this address."


def message_for(
    address: str, *, nonce: str, now: datetime, expires_at: datetime, statement: str = SIGN_IN
) -> str:
    """The message for the wallet at this address, in lower case, to sign."""
    from eth_utils.address import to_checksum_address

    shown = to_checksum_address(address)
    return (
        f"{settings.WALLET_SIGN_IN_DOMAIN} wants you to sign in with your Ethereum account:\n"
        f"{shown}\n\n{statement}\n\nURI: {origin()}\nVersion: 1\nChain ID: {settings.CHAIN_ID}\n"
        f"Nonce: {nonce}\nIssued At: {_written(now)}\nExpiration Time: {_written(expires_at)}"
    )


def _written(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def verified(text: str, signature: str, *, now: datetime, statement: str | None = None) -> SignedMessage:
    """Who signed the message, for this site and chain and at this time; not whether the nonce is fresh. To
    sign in it may say what it likes, but not what else we have wallets say.

    Raises InvalidSignInMessage for a message that is not for us or not for now; for a signature that is not
    the address' own SignInRefused, or WalletNotProved where a statement is asked for.
    """
    from eth_utils.address import to_checksum_address

    parts = _MESSAGE.fullmatch(text) if len(text) <= LONGEST else None
    if parts is None:
        raise InvalidSignInMessage("the message is not in the form of EIP-4361")
    _require_ours(parts)
    _require_statement(parts["statement"], statement)
    _require_time(parts, now)
    try:
        address = normal_address(parts["address"])
    except InvalidAddress as error:
        raise InvalidSignInMessage(error.message) from error
    if to_checksum_address(address) != parts["address"]:
        raise InvalidSignInMessage("the address in the message must be written with its EIP-55 checksum")
    if _signer(text, signature) != address:
        refusal = SignInRefused if statement is None else WalletNotProved
        raise refusal("the signature is not that of the address in the message")
    return SignedMessage(address, parts["nonce"])


def named_address(text: str) -> str | None:
    """Return the address in the message as it is written there, if it is in the form of EIP-4361."""
    parts = _MESSAGE.fullmatch(text) if len(text) <= LONGEST else None
    return None if parts is None else parts["address"]


def _require_ours(parts: re.Match[str]) -> None:
    if parts["domain"] != settings.WALLET_SIGN_IN_DOMAIN:
        raise InvalidSignInMessage(f"the message must be for {settings.WALLET_SIGN_IN_DOMAIN}")
    uri, ours = parts["uri"], origin()
    if uri != ours and not uri.startswith(f"{ours}/"):
        raise InvalidSignInMessage(f"the URI in the message must be of {ours}")
    if parts["scheme"] not in (None, ours.partition(":")[0]):
        raise InvalidSignInMessage(f"the scheme of the message must be that of {ours}")
    if int(parts["chain_id"]) != settings.CHAIN_ID:
        raise InvalidSignInMessage(f"the chain id must be {settings.CHAIN_ID}", chain_id=settings.CHAIN_ID)


def _require_statement(said: str | None, wanted: str | None) -> None:
    if wanted is not None and said != wanted:
        raise InvalidSignInMessage(f"the statement of the message must be: {wanted}")
    if wanted is None and said is not None and said.startswith(_PAY):
        raise InvalidSignInMessage("the message is for another purpose than to sign in")


def _require_time(parts: re.Match[str], now: datetime) -> None:
    issued, expires, begins = (_time(parts[name]) for name in ("issued_at", "expires_at", "not_before"))
    if issued is None or issued > now + EARLY:
        raise InvalidSignInMessage("the message was issued in the future")
    if expires is not None and expires <= now:
        raise InvalidSignInMessage("the message has expired")
    if begins is not None and begins > now:
        raise InvalidSignInMessage("the message is not valid yet")


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidSignInMessage(f"{text} is no time") from error


def _signer(text: str, signature: str) -> str | None:
    """The address, in lower case, whose key made the signature; None if no key did."""
    # Imported with the first signature: it takes longer than all the rest of a command's start.
    from eth_account import Account
    from eth_account.messages import encode_defunct
    from eth_keys.exceptions import BadSignature
    from eth_utils.exceptions import ValidationError

    if not _SIGNATURE.fullmatch(signature):
        return None
    try:
        return Account.recover_message(encode_defunct(text=text), signature=signature).lower()
    except (BadSignature, ValidationError, ValueError, TypeError):
        return None
