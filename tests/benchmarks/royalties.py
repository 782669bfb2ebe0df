"""Pay of creators: a day accrued, a distribution among many, and a write into a pool of many members."""

from contextlib import ExitStack

from tests.benchmarks import contenders
from tests.benchmarks.databases import Server
from tests.benchmarks.results import Results, Table, at_most
from tests.benchmarks.scale import Size

MODES = ("pro_rata", "user_centric")
DISTRIBUTED_WITHIN_SECONDS = 10
WRITTEN_WITHIN_MS = 5


def run(server: Server, size: Size, results: Results) -> None:
    """Have one process do everything, step by step."""
    with ExitStack() as stack:
        url = server.create_migrated("royalties")
        client = contenders.python("sharing", url)
        stack.callback(client.close)
        client.ask("fill", creators=size.royalty_creators, members=size.pool_members)
        accrued = client.ask("accrue")["seconds"]
        found = {mode: client.ask("distribute", mode=mode) for mode in MODES}
        written = client.ask("write_pool", times=size.questions)["milliseconds"]
    for mode, took in found.items():
        results.goals.append(
            at_most(
                f"a distribution ({mode}) among {size.royalty_creators:,} creators, from draft to payment",
                sum(took.values()),
                DISTRIBUTED_WITHIN_SECONDS,
                "s",
            )
        )
    results.goals.append(
        at_most(f"a write into a pool of {size.pool_members:,} members", written, WRITTEN_WITHIN_MS, "ms")
    )
    results.tables.append(
        Table(
            f"Pay of {size.royalty_creators:,} creators",
            ["step", "seconds"],
            [
                ["a day accrued and funded", f"{accrued:.2f}"],
                *(
                    [f"distribution, {mode}: {step}", f"{seconds:.2f}"]
                    for mode, took in found.items()
                    for step, seconds in took.items()
                ),
            ],
        )
    )
