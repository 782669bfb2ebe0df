"""Random tokens, and the hashes under which tokens and email addresses are stored."""

import hashlib
import secrets

from django.utils.crypto import salted_hmac


def random_token(prefix: str) -> str:
    """Return 256 random bits as text, after a prefix that names their use."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def hash_token(text: str) -> str:
    """Return the SHA-256 of a token: for 256 random bits a fast hash is secure."""
    return hashlib.sha256(text.encode()).hexdigest()


def hash_email(email: str) -> str:
    """Return the address as a keyed hash, from which it cannot be guessed."""
    return salted_hmac("gigstream.workers.attempts", email, algorithm="sha256").hexdigest()
