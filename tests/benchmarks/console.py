"""The console at a million tasks: searches by every form of term."""

from contextlib import closing

from tests.benchmarks import contenders
from tests.benchmarks.databases import Server, manage
from tests.benchmarks.results import Results, Table, at_most, number
from tests.benchmarks.scale import Size

SEARCH_MS = 50


def run(server: Server, size: Size, results: Results) -> None:
    """Search by each form of term; print the plans of those that miss their goal."""
    _measure(server, size, results, every_plan=False)


def explain(server: Server, size: Size, results: Results) -> None:
    """Search by each form of term and print all plans."""
    _measure(server, size, results, every_plan=True)


def _measure(server: Server, size: Size, results: Results, *, every_plan: bool) -> None:
    url = server.create_migrated("console")
    manage("seed_demo", "--scale", str(size.tasks), url=url)
    rows = []
    with closing(contenders.python("searching", url)) as staff:
        for name, term in staff.ask("terms")["terms"].items():
            found = staff.ask("time", term=term)
            goal = at_most(f"search, {name}", found["median_ms"], SEARCH_MS, "ms")
            results.goals.append(goal)
            rows.append(
                [
                    name,
                    number(found["median_ms"]),
                    number(found["statements_ms"]),
                    str(found["statements"]),
                    str(found["rows"]),
                ]
            )
            if every_plan or not goal.met:
                results.plans += staff.ask("explain", term=term)["plans"]
    results.tables.append(
        Table(
            f"Search over {size.tasks:,} tasks",
            ["term", "ms, median", "ms in PostgreSQL", "statements", "rows"],
            rows,
        )
    )
