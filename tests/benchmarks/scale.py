"""The size of the benchmarks: as published, and just large enough to see that they run."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    rounds: int
    streams: int
    workers: int
    platforms: int
    idle_streams: int
    # Streams that the contenders who go row by row release in a round.
    by_row: int
    # Earnings posted in a round.
    postings: int
    # Tasks under the views, and how often each query runs.
    tasks: int
    questions: int
    starts: int
    # Requests to the API in a round, and tasks of those who send them.
    requests: int
    history: int
    # Workers who claim a reward at once, events of quests under the reads, accounts whose ties are looked at.
    claimants: int
    quest_events: int
    tied_accounts: int
    # Creators of a platform whose use is reported, and batches of 5,000 events in a round.
    usage_creators: int
    usage_batches: int
    usage_events: int
    # Creators among whom a sum is distributed, and members of a pool.
    royalty_creators: int
    pool_members: int
    # Whether those take part that only `make bench` installs.
    peers: bool = True


SIZES = {
    "full": Size(
        rounds=5,
        streams=100_000,
        workers=10_000,
        platforms=50,
        idle_streams=900_000,
        by_row=1_000,
        postings=100,
        tasks=1_000_000,
        questions=100,
        starts=5,
        requests=2_000,
        history=20_000,
        claimants=1_000,
        quest_events=1_000_000,
        tied_accounts=100_000,
        usage_creators=1_000,
        usage_batches=20,
        usage_events=10_000_000,
        royalty_creators=100_000,
        pool_members=1_000_000,
    ),
    "small": Size(
        rounds=1,
        streams=600,
        workers=60,
        platforms=4,
        idle_streams=300,
        by_row=20,
        postings=3,
        tasks=2_000,
        questions=3,
        starts=1,
        requests=24,
        history=2_000,
        claimants=20,
        quest_events=2_000,
        tied_accounts=2_000,
        usage_creators=4,
        usage_batches=1,
        usage_events=2_000,
        royalty_creators=50,
        pool_members=100,
    ),
}
