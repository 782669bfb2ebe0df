"""`manage.py check_books`: check the invariants of the books."""

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.books import services as books
from audit.books.services import Result


class Command(BaseCommand):
    help = "Check each invariant of the books at one instant. Exits with 1 when any is violated."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the results as JSON")
        parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="check these invariants")
        parser.add_argument("--no-record", action="store_true", help="do not keep the results")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            results = books.check_books(options["only"])
        except LookupError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(
                json.dumps([asdict(result) | {"passed": result.passed} for result in results], indent=2)
            )
        else:
            self._print(results)
        if not options["no_record"]:
            books.record(results)
        failed = [result.name for result in results if not result.passed]
        if failed:
            raise CommandError(f"{len(failed)} of {len(results)} invariants are violated", returncode=1)

    def _print(self, results: Sequence[Result]) -> None:
        width = max(len(result.name) for result in results)
        for result in results:
            line = f"{result.name:<{width}}  {result.violations:>8}  {result.milliseconds:>7} ms"
            if result.passed:
                self.stdout.write(self.style.SUCCESS(line))
                continue
            more = " …" if result.violations > len(result.offenders) else ""
            self.stdout.write(self.style.ERROR(line))
            self.stdout.write(f"    {result.words}")
            self.stdout.write(f"    {', '.join(result.offenders)}{more}")
        passed = sum(result.passed for result in results)
        self.stdout.write(f"{passed} of {len(results)} invariants hold")
