"""`manage.py usage_takeover`: raw events in ClickHouse beside PostgreSQL, step by step."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.log.context import acting_as
from audit.log.enums import ActorType
from gigstream.core.errors import Refusal
from platforms import services
from platforms.usage.store.enums import StoreMode

MOST_NAMED = 50
_MODES = {"shadow": StoreMode.SHADOW, "switch": StoreMode.CLICKHOUSE, "back": StoreMode.POSTGRESQL}


class Command(BaseCommand):
    help = (
        "Compare the store of raw events with PostgreSQL, every day of every creator; exit with 1 if any"
        " differs. Other steps: `shadow` writes events to both from now on, `copy` brings those of before,"
        " `switch` reads from the store once nothing differs, `back` leaves all to PostgreSQL."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("step", nargs="?", default="compare", choices=["compare", "copy", *_MODES])
        parser.add_argument("--reason", default="", help="why, for the audit log")
        parser.add_argument("--by", default="operator", help="who does it; the operator of the machine")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with acting_as(ActorType.SYSTEM, f"operator:{options['by']}"):
                self._take(options["step"], options["reason"])
        except Refusal as refusal:
            raise CommandError(refusal.message, returncode=1) from refusal

    def _take(self, step: str, reason: str) -> None:
        if step == "compare":
            self._compare()
        elif step == "copy":
            self.stdout.write(f"{services.copy_usage()} events copied")
        else:
            switch = services.switch_usage_store(mode=_MODES[step], reason=reason)
            self.stdout.write(self.style.SUCCESS(f"raw events: {switch}"))

    def _compare(self) -> None:
        survey, differences = services.compare_stores()
        for one in differences[:MOST_NAMED]:
            self.stdout.write(self.style.ERROR(f"{one} (PostgreSQL and the store)"))
        said = f"{survey.creator_days} days of creators, {survey.events} events: {len(differences)} differ"
        if differences:
            raise CommandError(said, returncode=1)
        self.stdout.write(self.style.SUCCESS(said))
