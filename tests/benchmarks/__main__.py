"""`python -m tests.benchmarks [BENCH ...]`: measure how fast GigStream is, beside its peers."""

import argparse
import importlib
import os
from dataclasses import replace
from pathlib import Path

import django

from gigstream import embedded
from tests.benchmarks.databases import QUIET
from tests.benchmarks.scale import SIZES

BENCHES = (
    *("release", "posting", "views", "startup", "api", "servers", "webhooks", "quests"),
    *("usage", "recounts", "royalties", "console"),
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("bench", nargs="*", choices=[*BENCHES, []], help="only these, not published")
    parser.add_argument("--size", choices=SIZES, default="full")
    parser.add_argument("--page", type=Path, help="publish there, also when some benchmarks were left out")
    parser.add_argument("--databases", default="gigstream_bench", help="what the databases' names begin with")
    parser.add_argument("--no-peers", action="store_true", help="leave out Drizzle and hordak")
    parser.add_argument("--explain", action="store_true", help="print plans instead of measuring")
    return parser.parse_args()


def main() -> None:
    """Measure and print; publish the results of a complete run."""
    asked = arguments()
    os.environ |= {"DJANGO_SETTINGS_MODULE": "gigstream.settings", **QUIET}
    embedded.ensure_unset()
    django.setup()
    run = importlib.import_module("tests.benchmarks.run")
    size = replace(SIZES[asked.size], peers=not asked.no_peers)
    run.run(asked.bench or BENCHES, size, asked)


if __name__ == "__main__":
    main()
