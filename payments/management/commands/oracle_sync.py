from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from audit.database_identity.commands import MoneyCommand
from payments import services


class Command(MoneyCommand):
    help = "write the moved numbers of creators to the chain now, and follow what is under way"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--platform", type=UUID, default=None, help="only creators of this platform, by id"
        )

    def handle(self, *, platform: UUID | None, **options: Any) -> None:
        """Print how many creators are written, and how many operations were sent and have ended."""
        creators = services.sync_metrics(platform_id=platform)
        sent, ended = services.submit_operations(), services.follow_operations()
        self.stdout.write(f"{creators} creators to write, {sent} operations sent, {ended} ended")
