"""Accounts of Cosmos chains: their addresses (bech32), the addresses of keys, and signatures by ADR-036.

The signed document of ADR-036 has neither a chain nor a nonce nor an end: the text in it must name them.
"""

import base64
import binascii
import hashlib
import json

import bech32
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gigstream.core.addresses import InvalidAddress
from workers.wallets.enums import KeyType
from workers.wallets.errors import ContractAddress, InvalidPublicKey, KeyOfAnotherAddress, SignatureNotLow

PREFIX = "zig"
ACCOUNT_BYTES, CONTRACT_BYTES = 20, 32
KEY_BYTES, SIGNATURE_BYTES = 33, 64
# The order of the curve secp256k1 (SEC 2, section 2.4.1). Of the two signatures (r, s) and (r, order - s)
# that hold for a message, Cosmos and EIP-2 take the one with the lower s.
ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141


def normal_cosmos_address(text: str) -> str:
    """Return the address in lower case. Raise InvalidAddress, or ContractAddress for one of 32 bytes."""
    prefix, groups = bech32.bech32_decode(text) if text.isascii() else (None, None)
    if prefix is None or groups is None:
        raise InvalidAddress("the address is not in bech32: wrong characters, mixed case or wrong checksum")
    if prefix != PREFIX:
        raise InvalidAddress(f"the address must begin with {PREFIX}1")
    content = bech32.convertbits(groups, 5, 8, False)
    if content is not None and len(content) == CONTRACT_BYTES:
        raise ContractAddress("this is the address of a contract, which signs nothing: name an account")
    if content is None or len(content) != ACCOUNT_BYTES:
        raise InvalidAddress(f"the address of an account has {ACCOUNT_BYTES} bytes")
    return text.lower()


def cosmos_address_of(key: ec.EllipticCurvePublicKey, key_type: KeyType) -> str:
    """Return the address of the account that the key controls, by the rule of its type."""
    # Imported with the first key, as the package takes long to load.
    from Crypto.Hash import RIPEMD160

    if key_type == KeyType.ETHSECP256K1:
        point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        content = _keccak(point[1:])[-ACCOUNT_BYTES:]
    else:
        point = key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        content = RIPEMD160.new(hashlib.sha256(point).digest()).digest()
    return bech32.bech32_encode(PREFIX, bech32.convertbits(content, 8, 5) or ())


def is_signed_by_account(
    text: str, *, address: str, signature: str, public_key: str, key_type: KeyType
) -> bool:
    """Whether the account at this address has signed the text by ADR-036. Signature and compressed public key
    are in base64, as wallets return them.

    Raise InvalidPublicKey, KeyOfAnotherAddress or SignatureNotLow.
    """
    key = _read_key(public_key)
    if cosmos_address_of(key, key_type) != address:
        raise KeyOfAnotherAddress(f"the key of type {key_type} is not that of the address in the message")
    content = _read_base64(signature)
    if content is None or len(content) != SIGNATURE_BYTES:
        return False
    r, s = int.from_bytes(content[:32]), int.from_bytes(content[32:])
    require_low_s(s)
    document = adr036_document(text, address=address)
    is_evm = key_type == KeyType.ETHSECP256K1
    digest = _keccak(document) if is_evm else hashlib.sha256(document).digest()
    try:
        key.verify(encode_dss_signature(r, s), digest, ec.ECDSA(Prehashed(SHA256())))
    except InvalidSignature:
        return False
    return True


def require_low_s(s: int) -> None:
    """Raise SignatureNotLow for the higher of the two values of s that hold for a message."""
    if ORDER // 2 < s < ORDER:
        raise SignatureNotLow(
            "s of the signature is above half the order of the curve: sign with the lower s"
        )


def adr036_document(text: str, *, address: str) -> bytes:
    """Return the document that an account signs for a text: canonical JSON of an empty transaction."""
    data = base64.b64encode(text.encode()).decode()
    document = {
        "account_number": "0",
        "chain_id": "",
        "fee": {"amount": [], "gas": "0"},
        "memo": "",
        "msgs": [{"type": "sign/MsgSignData", "value": {"data": data, "signer": address}}],
        "sequence": "0",
    }
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def _read_key(text: str) -> ec.EllipticCurvePublicKey:
    content = _read_base64(text)
    if content is None or len(content) != KEY_BYTES:
        raise InvalidPublicKey(f"a public key is base64 of the {KEY_BYTES} bytes of a compressed point")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), content)
    except ValueError as error:
        raise InvalidPublicKey("the public key is no point of the curve secp256k1") from error


def _read_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _keccak(content: bytes) -> bytes:
    from Crypto.Hash import keccak

    return keccak.new(digest_bits=256, data=content).digest()
