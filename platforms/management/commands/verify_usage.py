"""`manage.py verify_usage`: verify receipts, their events and the sums of usage, or a proof offline."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from platforms.usage.calculations.verification import faults_of_proof, keys_of
from platforms.usage.services.verifying import find_usage_faults

MOST_SHOWN = 50


class Command(BaseCommand):
    help = (
        "Verify the chain of receipts, the events under each root and the sums of all days. With --proof,"
        " verify a proof from the API by the keys alone, without a database. Exits with 1 when anything is"
        " wrong."
    )
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--proof", type=Path, help="a file with a proof as the API answers it")
        parser.add_argument("--keys", type=Path, help="a file with the public keys, as `usage/keys` answers")
        parser.add_argument(
            "--no-recount", action="store_true", help="leave out the sums, which takes the longest"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if (options["proof"] is None) != (options["keys"] is None):
            raise CommandError("a proof is verified by keys: give both files")
        if options["proof"] is not None:
            faults = faults_of_proof(_read(options["proof"]), keys_of(_read(options["keys"])))
        else:
            faults = find_usage_faults(recount=not options["no_recount"])
        for fault in faults[:MOST_SHOWN]:
            self.stdout.write(self.style.ERROR(fault))
        if faults:
            raise CommandError(f"{len(faults)} faults", returncode=1)
        self.stdout.write(self.style.SUCCESS("nothing is wrong"))


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
