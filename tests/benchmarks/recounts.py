"""Days of a month counted anew from the raw events, and the sums of a creator, from days and from events."""

from contextlib import ExitStack

from tests.benchmarks import contenders
from tests.benchmarks.databases import Server
from tests.benchmarks.results import Results, Table, at_most, number
from tests.benchmarks.scale import Size

REBUILT_SECONDS, DAYS_MS, EVENTS_MS = 120, 5, 50


def run(server: Server, size: Size, results: Results) -> None:
    """Fill a month with events, rebuild its days twice, and read a creator's sums."""
    with ExitStack() as stack:
        client = contenders.python("listening", server.create_migrated("recounts"))
        stack.callback(client.close)
        client.ask("fill", creators=size.usage_creators, works=10 * size.usage_creators)
        client.ask("fill_month", events=size.usage_events)
        runs = [client.ask("rebuild_month") for _ in range(2)]
        if runs[0]["rows"] != runs[1]["rows"]:
            raise RuntimeError("the second run has made other rows than the first")
        read = client.ask("read_days")
    events = f"{size.usage_events:,} events"
    seconds = [one["seconds"] for one in runs]
    results.goals += [
        at_most(f"days of a month rebuilt, {events}", max(seconds), REBUILT_SECONDS, "s"),
        at_most(f"a creator's sums from days, {events}", read["days"], DAYS_MS, "ms"),
        at_most(f"a creator's sums from raw events, {events}", read["events"], EVENTS_MS, "ms"),
    ]
    results.tables.append(
        Table(
            f"Days rebuilt from {events}, both times the same {runs[0]['count']:,} rows",
            ["run", "s"],
            [["into empty tables", number(seconds[0])], ["over the same rows", number(seconds[1])]],
        )
    )
