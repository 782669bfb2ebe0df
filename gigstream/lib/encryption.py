"""Columns that a database dump must not reveal: custody wallet ids and webhook secrets."""

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured("FIELD_ENCRYPTION_KEYS is empty")
    return MultiFernet([Fernet(key) for key in keys])


def cipher() -> MultiFernet:
    """Encrypts with the first key of FIELD_ENCRYPTION_KEYS and decrypts with any of them."""
    return _cipher(tuple(settings.FIELD_ENCRYPTION_KEYS))


class EncryptedTextField(models.TextField):
    """Text that is stored encrypted (Fernet) and bound to its column, so that values cannot be swapped."""

    def _binding(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}:"

    def get_prep_value(self, value: Any) -> str | None:
        if value in (None, ""):
            return value
        return cipher().encrypt((self._binding() + str(value)).encode()).decode()

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str | None:
        if value in (None, ""):
            return value
        text = cipher().decrypt(value.encode()).decode()
        binding = self._binding()
        if not text.startswith(binding):
            raise ValueError(f"a value of another column was found in {binding}")
        return text.removeprefix(binding)
