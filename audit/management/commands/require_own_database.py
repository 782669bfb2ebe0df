"""`manage.py require_own_database`: compare the settings with the database's own kind and provider."""

import logging
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from audit.database_identity.errors import DatabaseMismatch
from audit.database_identity.services import require_own_database
from audit.models import DatabaseIdentity

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Fail when the database was made as another kind (test, live) or for another provider than the"
        " settings say. Servers and workers run it as they start."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Raise CommandError for a mismatch. A database that is away or not migrated yet is none: each action
        that moves money compares again."""
        try:
            require_own_database()
        except DatabaseMismatch as refusal:
            raise CommandError(refusal.message) from refusal
        except (DatabaseError, DatabaseIdentity.DoesNotExist) as error:
            logger.warning("the database has no identity yet: %s", type(error).__name__)
