"""Management commands that call the provider or book money."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.database_identity.errors import DatabaseMismatch
from audit.database_identity.services import require_own_database


class MoneyCommand(BaseCommand):
    """A command that runs only under the settings of the database's own kind and provider."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            require_own_database()
        except DatabaseMismatch as refusal:
            raise CommandError(refusal.message) from refusal
        return super().execute(*args, **options)
