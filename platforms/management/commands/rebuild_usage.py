"""`manage.py rebuild_usage`: the day rows of a platform, written anew from its events."""

from argparse import ArgumentParser
from datetime import date
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from gigstream.core.errors import Refusal
from platforms import services
from platforms.models import Platform


class Command(BaseCommand):
    help = (
        "Write the sums and the listeners of a platform's days anew from the events. No batch of the platform"
        " is taken meanwhile. Where nothing was wrong, nothing changes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("platform", type=UUID, help="id of the platform")
        parser.add_argument("first", type=date.fromisoformat, help="first day, as 2030-01-31")
        parser.add_argument("last", type=date.fromisoformat, help="last day")
        parser.add_argument("--reason", required=True, help="why, for the audit log")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            days = services.rebuild_days(
                platform_id=options["platform"],
                first=options["first"],
                last=options["last"],
                reason=options["reason"],
            )
        except (Refusal, Platform.DoesNotExist) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{days} days")
