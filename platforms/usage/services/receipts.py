"""Receipts: added to the end of a platform's chain, and the keys that sign them."""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.encryption import number_rows
from gigstream.core.postgres.transactions import wait_for_lock
from platforms.models import Platform, ReceiptChain, SigningKey, UsageBatch, UsageReceipt
from platforms.usage.calculations.merkle import merkle_root
from platforms.usage.calculations.receipts import GENESIS, ReceiptContent, canonical_json
from platforms.usage.enums import ReceiptKind


def add_receipt(
    *,
    platform: Platform,
    kind: ReceiptKind,
    leaves: Sequence[bytes],
    totals: Mapping[str, int],
    batch: UsageBatch | None = None,
    now: datetime,
) -> UsageReceipt:
    """Add a receipt for these leaves to the platform's chain, whose end stays locked until the transaction
    ends, so that its numbers have no gap."""
    root = merkle_root(leaves).hex()
    key = current_key(now=now)
    (end,) = sql.run("platforms/usage/lock_chain", platform=platform.pk, genesis=GENESIS)
    content = ReceiptContent(
        platform=str(platform.pk),
        number=end["last_number"] + 1,
        previous_hash=end["last_hash"],
        kind=kind,
        count=len(leaves),
        root=root,
        received_at=now,
        totals=totals,
    )
    receipt = UsageReceipt(
        platform=platform,
        number=content.number,
        kind=kind,
        batch=batch,
        count=content.count,
        root=root,
        totals=dict(totals),
        received_at=now,
        previous_hash=content.previous_hash,
        hash=content.hash(),
        key=key,
        signature=sign(key, content.signed_bytes()),
    )
    receipt.save(force_insert=True)
    ReceiptChain.unguarded.filter(platform=platform).update(
        last_number=receipt.number, last_hash=receipt.hash
    )
    return receipt


def current_key(*, now: datetime) -> SigningKey:
    """Return the key that signs now, made if there is none."""
    return _find_current() or _make_key(now)


def _find_current() -> SigningKey | None:
    return SigningKey.objects.filter(retired_at=None).first()


def _make_key(now: datetime) -> SigningKey:
    wait_for_lock("usage signing key")
    found = _find_current()
    if found is not None:
        return found
    private = Ed25519PrivateKey.generate()
    public = _base64url(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    thumbprint = sha256(canonical_json({"crv": "Ed25519", "kty": "OKP", "x": public})).digest()
    key = SigningKey(
        created_at=now,
        name=_base64url(thumbprint),
        public=public,
        private=private.private_bytes_raw().hex(),
    )
    number_rows([key])
    key.save(force_insert=True)
    audit.record("usage_key.create", key, metadata={"name": key.name}, now=now)
    return key


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def sign(key: SigningKey, content: bytes) -> str:
    """Return the signature of the content, hexadecimal."""
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key.private)).sign(content).hex()


@verb("usage_key.rotate", "signingkey")
def rotate_signing_key(*, key_id: int, now: datetime | None = None) -> SigningKey:
    """Retire the key and make another in its place. Receipts that it has signed stay valid: its public half
    remains in the JWKS."""
    now = now or database_now()
    wait_for_lock("usage signing key")
    key = SigningKey.objects.locked().get(pk=key_id)
    if key.retired_at is None:
        key.retired_at, key.private = now, ""
        key.save(update_fields=["retired_at", "private"])
        audit.record("usage_key.retire", key, metadata={"name": key.name}, now=now)
    return current_key(now=now)
