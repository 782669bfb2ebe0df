"""EVM addresses, checked by EIP-55 and kept in lower case."""

from django.conf import settings

from gigstream.core.errors import Refusal

ZERO_ADDRESS = "0x" + "0" * 40
# Addresses up to 0xffff are reserved for the chain's precompiled contracts (EIP-1352); 0x…dEaD, where tokens
# are sent to be destroyed, lies among them.
LARGEST_PRECOMPILE = 0xFFFF
# Placeholders that programs write for "no address" and for "the chain's own coin".
PLACEHOLDERS = frozenset({"0x" + "f" * 40, "0x" + "e" * 40})


class InvalidAddress(Refusal):
    """Not a usable EVM address: wrong form, wrong EIP-55 checksum, or without a possible holder."""

    code = "invalid_address"
    status = 400


def normal_address(text: str) -> str:
    """Return the address of a wallet in lower case. Raise InvalidAddress, also for addresses that nobody can
    hold."""
    address = normal_contract(text)
    _require_holder(address)
    return address


def normal_contract(text: str) -> str:
    """Return the address, of a contract or a wallet, in lower case. All-lower and all-upper input has no
    checksum to check (EIP-55). Raise InvalidAddress."""
    # Imported with the first address: the package behind it takes a tenth of every command's start.
    from eth_utils.address import is_checksum_address, is_hex_address

    body = text[2:] if isinstance(text, str) else ""
    if not isinstance(text, str) or not text.startswith("0x") or not text.isascii():
        raise InvalidAddress("an address is 0x and 40 hexadecimal digits")
    if not is_hex_address(text) or text.lower() == ZERO_ADDRESS:
        raise InvalidAddress("an address is 0x and 40 hexadecimal digits, not all zero")
    if body not in (body.lower(), body.upper()) and not is_checksum_address(text):
        raise InvalidAddress("the EIP-55 checksum of the address is wrong")
    return text.lower()


def _require_holder(address: str) -> None:
    """Raise InvalidAddress for an address whose money nobody could ever spend."""
    if int(address, 16) <= LARGEST_PRECOMPILE or address in PLACEHOLDERS:
        raise InvalidAddress("nobody can hold this address: it is burnt or one of the chain's own programs")
    if address == settings.CIRCLE_USDC_ADDRESS.lower():
        raise InvalidAddress("this is the address of the USDC contract itself, not of a wallet")
