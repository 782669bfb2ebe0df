"""`manage.py attach_usage`: the events of a month, brought back from their file."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gigstream.core.errors import Refusal
from platforms import services
from platforms.models import UsageArchive


class Command(BaseCommand):
    help = "Bring the events of a month back from their file, so that its days can be corrected."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("month", help="as 2030-01")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            archive = services.attach_month(month=date.fromisoformat(f"{options['month']}-01"))
        except (Refusal, UsageArchive.DoesNotExist, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{archive.events} events")
