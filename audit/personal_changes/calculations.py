import hmac
from hashlib import sha256


def digest_of(value: str, salt: str) -> str:
    """Return HMAC-SHA256 of the value under the salt, in hexadecimal digits."""
    return hmac.new(bytes.fromhex(salt), value.encode(), sha256).hexdigest()
