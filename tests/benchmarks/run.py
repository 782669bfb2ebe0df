"""One run: the benchmarks that were asked for, one after the other, and what they have found."""

import argparse
import importlib
import sys
import time
from collections.abc import Sequence

from tests.benchmarks.databases import ROOT, Server
from tests.benchmarks.results import Results
from tests.benchmarks.scale import Size

# Where a complete run writes what it has found.
PAGE = ROOT / "docs" / "performance.md"


def run(benches: Sequence[str], size: Size, asked: argparse.Namespace) -> None:
    """Each bench has run on a server left as it was; the results are printed, and published if complete."""
    results = Results()
    with Server(asked.databases) as server:
        for name in benches:
            began = time.monotonic()
            bench = importlib.import_module(f"tests.benchmarks.{name}")
            (getattr(bench, "explain", bench.run) if asked.explain else bench.run)(server, size, results)
            sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s\n")
        sys.stdout.write("\n\n".join([*results.plans, results.text(server)]) + "\n")
        page = asked.page or (None if asked.bench or asked.explain else PAGE)
        if page:
            results.publish(server, page)
