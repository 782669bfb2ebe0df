"""The views at a million tasks: for a single worker, platform or day, and as summaries of everything; and
the queries of the staff's first page."""

from contextlib import ExitStack, closing

from tests.benchmarks import contenders
from tests.benchmarks.databases import Server, manage
from tests.benchmarks.results import Results, Table, at_most, number
from tests.benchmarks.scale import Size

ONE_MS, SUMMARY_MS, FIRST_PAGE_MS = 5, 20, 200
EVERYTHING = "*"
# The views with a row for each platform, type or day, read whole: the columns of the lists.
SUMMARIES = (
    ("platform_performance_view", EVERYTHING),
    (
        "task_completion_stats_view",
        "id, platform_id, task_type, total_tasks, open_tasks, completed_tasks, cancelled_tasks,"
        " disputed_tasks, success_rate, average_seconds",
    ),
    ("daily_transaction_summary", EVERYTHING),
)
# Each view by its key, and the table that has the keys.
LOOKUPS = (
    ("worker_earnings_view", "worker_id", "workers"),
    ("worker_risk_assessment", "worker_id", "workers"),
    ("reputation_history_view", "worker_id", "workers"),
    ("loan_repayment_status_view", "worker_id", "workers"),
    ("active_streams_view", "worker_id", "workers"),
    ("active_streams_view", "platform_id", "platforms"),
    ("platform_performance_view", "platform_id", "platforms"),
    ("task_completion_stats_view", "platform_id", "platforms"),
    ("daily_transaction_summary", "day", "days"),
)


def run(server: Server, size: Size, results: Results) -> None:
    """Run every query often; print the plans of those that miss their goal."""
    _measure(server, size, results, every_plan=False)


def explain(server: Server, size: Size, results: Results) -> None:
    """Run the queries and print all plans."""
    _measure(server, size, results, every_plan=True)


def _measure(server: Server, size: Size, results: Results, *, every_plan: bool) -> None:
    url = server.create_migrated("views")
    manage("seed_demo", "--scale", str(size.tasks), url=url)
    rows = []
    with ExitStack() as stack:
        reader = contenders.python("reader", url)
        stack.callback(reader.close)
        counts = reader.ask("counts")
        questions = [
            *((view, column, EVERYTHING, of, ONE_MS) for view, column, of in LOOKUPS),
            *((view, None, columns, None, SUMMARY_MS) for view, columns in SUMMARIES),
        ]
        for view, column, columns, of, wanted in questions:
            asked = {"view": view, "column": column, "columns": columns}
            found = reader.ask("time", **asked, of=of, subjects=size.questions)
            name = f"{view}, {_asked_for(column)}"
            goal = at_most(name, found["median_ms"], wanted, "ms")
            results.goals.append(goal)
            rows.append(
                [name, str(found["subjects"]), number(found["median_ms"]), number(found["slowest_ms"])]
            )
            if every_plan or not goal.met:
                plan = reader.ask("explain", **asked, value=found["slowest"])["plan"]
                results.plans.append(f"{name}: {goal.found}\n\n{plan}")
    results.tables.append(
        Table(
            f"Views over {counts['tasks']:,} tasks and {counts['transactions']:,} transactions",
            ["view", "asked for", "ms, median", "ms, the slowest one"],
            rows,
        )
    )
    _measure_first_page(url, results, every_plan=every_plan)


def _measure_first_page(url: str, results: Results, *, every_plan: bool) -> None:
    with closing(contenders.python("first_page", url)) as page:
        found = page.ask("time")
        name = "the staff's first page, all its statements together"
        goal = at_most(name, found["total_ms"], FIRST_PAGE_MS, "ms")
        results.goals.append(goal)
        if every_plan or not goal.met:
            results.plans += page.ask("explain")["plans"]
    rows = [[f"`{text}`", number(ms)] for text, ms in found["statements"]]
    results.tables.append(Table("The staff's first page", ["statement", "ms, median"], rows))


def _asked_for(column: str | None) -> str:
    return f"one {column.removesuffix('_id')}" if column else "all rows"
