"""EVM addresses, checked by EIP-55 and kept in lower case."""

from gigstream.lib.errors import Refusal

ZERO_ADDRESS = "0x" + "0" * 40


class InvalidAddress(Refusal):
    """Not a usable EVM address: wrong form, wrong EIP-55 checksum, or the zero address."""

    code = "invalid_address"
    status = 400


def normal_address(text: str) -> str:
    """The address in lower case. All-lower and all-upper input has no checksum to check (EIP-55)."""
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
