"""The database's identity compared with the settings: test and live money, and providers, never mix."""

from functools import cache
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from audit.database_identity.errors import DatabaseMismatch
from audit.models import DatabaseIdentity


class Identity(NamedTuple):
    """The kind of a database, test or live, and the name of its provider."""

    kind: str
    provider: str

    def __str__(self) -> str:
        return f"{self.kind} with the provider {self.provider}"


def configured_identity() -> Identity:
    """Return the identity that the settings describe."""
    return Identity(settings.DATABASE_KIND, import_string(settings.PAYMENT_PROVIDER).name)


def stored_identity() -> Identity:
    """Return the identity of the database. Raises DatabaseIdentity.DoesNotExist before `migrate` wrote it."""
    at = connection.settings_dict
    return _read_identity(at["HOST"], str(at["PORT"]), at["NAME"])


@cache
def _read_identity(host: str, port: str, name: str) -> Identity:
    """Read the row once per process and database: it never changes."""
    row = DatabaseIdentity.objects.get()
    return Identity(row.kind, row.provider)


def forget_identity() -> None:
    """Read the row again at the next use, after the database was made anew."""
    _read_identity.cache_clear()


def require_own_database() -> None:
    """Raise DatabaseMismatch unless the settings are of the database's own kind and provider.

    Called before each call of a provider, booking of money, or issue of a key.
    """
    stored, configured = stored_identity(), configured_identity()
    if stored != configured:
        raise DatabaseMismatch(
            f"this database is {stored}, the settings are {configured}: set GIGSTREAM_DATABASE and"
            " PAYMENT_PROVIDER (or CIRCLE_API_KEY) as they were when `migrate` made it",
            database=str(stored),
            settings=str(configured),
        )
