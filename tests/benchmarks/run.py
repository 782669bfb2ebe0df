"""A run: the chosen benchmarks in turn, and their findings."""

import argparse
import importlib
import sys
import time
from collections.abc import Sequence

from tests.benchmarks.databases import ROOT, Server
from tests.benchmarks.results import Results
from tests.benchmarks.scale import Size

# Where a complete run writes its findings.
PAGE = ROOT / "docs" / "performance.md"


def run(benches: Sequence[str], size: Size, asked: argparse.Namespace) -> None:
    """Run each benchmark on a server left as it was, with its results as progress; print the results of all,
    and publish them if complete."""
    results = Results()
    with Server(asked.databases) as server:
        for name in benches:
            began, found = time.monotonic(), Results()
            bench = importlib.import_module(f"tests.benchmarks.{name}")
            (getattr(bench, "explain", bench.run) if asked.explain else bench.run)(server, size, found)
            sys.stderr.write(f"{found.text(server)}\n\n{name}: {time.monotonic() - began:.0f} s\n")
            results.add(found)
        sys.stdout.write("\n\n".join([*results.plans, results.text(server)]) + "\n")
        page = asked.page or (None if asked.bench or asked.explain else PAGE)
        if page:
            results.publish(server, page)
