"""The hasher of passwords."""

import unicodedata
from typing import Any

from django.contrib.auth.hashers import BCryptSHA256PasswordHasher
from django.utils.crypto import constant_time_compare


class Bcrypt10(BCryptSHA256PasswordHasher):
    """bcrypt at cost 10 over SHA-256, so that long passwords are neither cut nor an error.

    A password is composed (NFC) before it is hashed, as keyboards write "é" in two ways (NIST SP 800-63B,
    section 3.1.1.2). Hashes made before that was so are compared with the password as it was typed as well.
    """

    rounds = 10

    def encode(self, password: str, salt: Any) -> str:
        composed = unicodedata.normalize("NFC", password)
        if composed != password:
            # Takes as long as a comparison, so that the time does not reveal unknown names.
            super().encode(password, salt)
        return super().encode(composed, salt)

    def verify(self, password: str, encoded: str) -> bool:
        spellings = dict.fromkeys((unicodedata.normalize("NFC", password), password))
        matches = [self._matches(one, encoded) for one in spellings]
        return any(matches)

    def _matches(self, password: str, encoded: str) -> bool:
        _, data = encoded.split("$", 1)
        salt: Any = data.encode("ascii")
        made = super().encode(password, salt)
        return constant_time_compare(encoded, made)
