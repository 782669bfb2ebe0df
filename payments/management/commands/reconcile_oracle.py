from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from audit.database_identity.commands import MoneyCommand
from payments import services


class Command(MoneyCommand):
    help = "compare creators' numbers and all records with the chain; exit 1 when they differ"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--platform", type=UUID, default=None, help="only of this platform, by id")

    def handle(self, *, platform: UUID | None, **options: Any) -> None:
        """Print the counts, and who and which records differ."""
        found = services.reconcile_oracle(platform_id=platform)
        self.stdout.write(f"{found.creators} creators and {found.records} records compared")
        for creator in found.differing_creators:
            self.stdout.write(f"creator   {creator}")
        for record in found.differing_records:
            self.stdout.write(f"operation {record}")
        if not found.is_complete:
            raise CommandError("the chain did not answer for all of them")
        if found.differences:
            raise CommandError(f"{found.differences} differ")
