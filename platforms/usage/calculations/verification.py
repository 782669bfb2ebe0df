"""Verification of receipts and proofs by who has only these, and the public keys."""

import base64
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from platforms.usage.calculations.merkle import Step, hash_leaf, root_from_proof
from platforms.usage.calculations.receipts import GENESIS, ReceiptContent, canonical_json


def content_of_row(row: Mapping[str, Any]) -> ReceiptContent:
    """Return the content of a receipt as the API answers it."""
    return ReceiptContent(
        platform=str(row["platform_id"]),
        number=row["number"],
        previous_hash=row["previous_hash"],
        kind=row["kind"],
        count=row["count"],
        root=row["root"],
        received_at=_time_of(row["received_at"]),
        totals=row["totals"],
    )


def _time_of(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))


def faults_of_receipt(row: Mapping[str, Any], keys: Mapping[str, str]) -> list[str]:
    """Return what is wrong with a receipt by itself: its hash, its key, its signature. `keys` are the public
    keys in base64url by their names."""
    content = content_of_row(row)
    found = []
    if content.hash() != row["hash"]:
        found.append(f"receipt {row['number']}: the hash is not that of its content")
    if sum(content.totals.values()) != content.count:
        found.append(f"receipt {row['number']}: the totals are not {content.count}")
    public = keys.get(row["key_id"])
    if public is None:
        return [*found, f"receipt {row['number']}: nobody knows the key {row['key_id']}"]
    try:
        _read_key(public).verify(bytes.fromhex(row["signature"]), content.signed_bytes())
    except (InvalidSignature, ValueError):
        found.append(f"receipt {row['number']}: the signature is wrong")
    return found


def _read_key(public: str) -> Ed25519PublicKey:
    padded = public + "=" * (-len(public) % 4)
    return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(padded))


def keys_of(jwks: Mapping[str, Any]) -> dict[str, str]:
    """Return the public keys of a JWK Set by their names."""
    return {key["kid"]: key["x"] for key in jwks["keys"] if key.get("crv") == "Ed25519"}


def faults_of_chain(rows: Iterable[Mapping[str, Any]], keys: Mapping[str, str]) -> list[str]:
    """Return what is wrong with all receipts of a platform, given in the order of their numbers."""
    found, number, before = list[str](), 0, GENESIS
    for row in rows:
        number += 1
        if row["number"] != number:
            found.append(f"receipt {row['number']} stands where {number} should")
            number = row["number"]
        if row["previous_hash"] != before:
            found.append(f"receipt {number} does not follow from the one before it")
        found += faults_of_receipt(row, keys)
        before = row["hash"]
    return found


def faults_of_proof(proof: Mapping[str, Any], keys: Mapping[str, str]) -> list[str]:
    """Return what is wrong with a proof as the API answers it, and with its receipt."""
    leaf = hash_leaf(canonical_json(dict(proof["event"])))
    steps = [Step(bytes.fromhex(step["hash"]), on_left=step["on_left"]) for step in proof["steps"]]
    found = faults_of_receipt(proof["receipt"], keys)
    if root_from_proof(leaf, steps).hex() != proof["receipt"]["root"]:
        found.append(f"event {proof['event']['number']} does not stand under the root of the receipt")
    return found
