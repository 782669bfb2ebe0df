"""`manage.py recount_usage`: the days of a creator, counted again from the raw events."""

from argparse import ArgumentParser
from datetime import date
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from gigstream.core.errors import Refusal
from platforms.models import CreatorProfile
from platforms.usage.store.selectors import recount_creator


class Command(BaseCommand):
    help = "Count the days of a creator again from the raw events, wherever these are; changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("creator", type=UUID, help="id of the creator's profile")
        parser.add_argument("first", type=date.fromisoformat, help="first day, as 2030-01-31")
        parser.add_argument("last", type=date.fromisoformat, help="last day")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            creator = CreatorProfile.objects.select_related("platform").get(pk=options["creator"])
            rows = recount_creator(creator, first=options["first"], last=options["last"])
        except (Refusal, CreatorProfile.DoesNotExist) as error:
            raise CommandError(str(error)) from error
        for row in rows:
            sums = {name: value for name, value in row.items() if name not in ("creator", "day") and value}
            self.stdout.write(
                f"{row['day']}: " + ", ".join(f"{name} {value}" for name, value in sums.items())
            )
