"""Hash of an API key, as it is stored."""

import hashlib


def hash_key(text: str) -> str:
    """Return the SHA-256 of the full key. A slow hash is not needed for 256 random bits."""
    return hashlib.sha256(text.encode()).hexdigest()
