"""Keys of the simulator: RSA to decrypt, ECDSA to sign."""

import base64
import hashlib
from uuid import NAMESPACE_URL, uuid5

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from gigstream.simulators.circle.store import Store

_OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
# Circle's key has 4096 bits, which take seconds to generate.
RSA_BITS = 2048
ALGORITHM = "ECDSA_SHA_256"

_Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Unreadable(Exception):
    """Failure to decrypt a ciphertext."""


class Keys:
    """Keys, generated at the first start and kept in the store."""

    def __init__(self, store: Store) -> None:
        entity = _load_key(store, "entity key") or rsa.generate_private_key(65537, RSA_BITS)
        signing = _load_key(store, "signing key") or ec.generate_private_key(ec.SECP256R1())
        if not isinstance(entity, rsa.RSAPrivateKey) or not isinstance(signing, ec.EllipticCurvePrivateKey):
            raise TypeError("the store holds keys of another kind")
        self._entity, self._signing = entity, signing
        _store_key(store, "entity key", entity)
        _store_key(store, "signing key", signing)

    @property
    def entity_public_key(self) -> str:
        """Public key of the entity in PEM."""
        return _public_bytes(self._entity, serialization.Encoding.PEM).decode()

    @property
    def signing_public_key(self) -> str:
        """Public key of notifications in DER, in base64."""
        return base64.b64encode(_public_bytes(self._signing, serialization.Encoding.DER)).decode()

    @property
    def signing_key_id(self) -> str:
        return str(uuid5(NAMESPACE_URL, hashlib.sha256(self.signing_public_key.encode()).hexdigest()))

    def decrypt(self, ciphertext: str) -> bytes:
        """Decrypt a ciphertext of the entity's public key. Raises Unreadable."""
        try:
            return self._entity.decrypt(base64.b64decode(ciphertext, validate=True), _OAEP)
        except ValueError as error:
            raise Unreadable from error

    def sign(self, body: bytes) -> str:
        """Return the signature over the raw body, in base64."""
        return base64.b64encode(self._signing.sign(body, ec.ECDSA(hashes.SHA256()))).decode()


def forged_signature(body: bytes) -> str:
    """Return a valid signature by an unknown key."""
    stranger = ec.generate_private_key(ec.SECP256R1())
    return base64.b64encode(stranger.sign(body, ec.ECDSA(hashes.SHA256()))).decode()


def _load_key(store: Store, name: str) -> object | None:
    pem = store.fact(name)
    return serialization.load_pem_private_key(pem.encode(), None) if pem else None


def _store_key(store: Store, name: str, key: _Private) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    store.set_fact(name, pem.decode())


def _public_bytes(key: _Private, encoding: serialization.Encoding) -> bytes:
    return key.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)
