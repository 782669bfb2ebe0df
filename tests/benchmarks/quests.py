"""A crowd that claims a quest's reward at once, reads of rewards at a million events, and a run that finds
linked accounts."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Thread

from gigstream.processes.programs import WITHOUT_PUBSUB
from tests.benchmarks import contenders
from tests.benchmarks.databases import ROOT, Server, environment
from tests.benchmarks.fill import fill_people, run_file
from tests.benchmarks.measure import Meter
from tests.benchmarks.results import Results, Table, at_most, number
from tests.benchmarks.scale import Size
from tests.benchmarks.webservers import GIGSTREAM, WebServer, web

CROWD_SECONDS, READ_MS, CLUSTERS_SECONDS = 30, 1, 60
CROWD, PATIENCE_SECONDS = "crowd", 300
EVENTS_OF_A_WORKER = 100


def run(server: Server, size: Size, results: Results) -> None:
    """Let the crowd claim, then time the reads and the clusters; print the plans of reads that miss their
    goal."""
    _measure_crowd(server, size, results)
    _measure_reads(server, size, results, every_plan=False)
    _measure_clusters(server, size, results)


def explain(server: Server, size: Size, results: Results) -> None:
    """Time the reads and print all their plans."""
    _measure_reads(server, size, results, every_plan=True)


def _measure_crowd(server: Server, size: Size, results: Results) -> None:
    url = server.create_migrated(CROWD)
    fill_people(url, workers=size.claimants, platforms=1)
    with closing(contenders.python("claimers", url)) as desk:
        given = desk.ask("prepare")
        one = WebServer(GIGSTREAM, web(), url)
        try:
            with _job_worker(url), closing(contenders.python("claimers", url)) as crowd:
                server.checkpoint()
                meter = Meter(server.admin, one.backends(server.admin), one.pids())
                found: dict[str, object] = {}

                def claim() -> int:
                    found.update(crowd.ask("claim_all", port=one.port, patience=PATIENCE_SECONDS, **given))
                    return size.claimants

                sample = meter.measure(claim)
        finally:
            one.close()
        _require_rewards(desk, size)
    taken, answers = found["taken"], found["answers"]
    results.goals.append(
        at_most(f"{size.claimants:,} workers at once have their rewards", taken[-1], CROWD_SECONDS, "s")
    )
    at_once = answers.get("200", 0)
    results.tables.append(
        Table(
            f"A reward claimed by {size.claimants:,} workers at once",
            ["had by half, s", "by all, s", "answers 200", "202", "503", "web server CPU ms each"],
            [
                [
                    number(taken[len(taken) // 2]),
                    number(taken[-1]),
                    str(at_once),
                    str(answers.get("202", 0)),
                    str(answers.get("503", 0)),
                    number(None if sample.client_cpu is None else 1000 * sample.client_cpu / size.claimants),
                ]
            ],
        )
    )


def _require_rewards(desk: contenders.Contender, size: Size) -> None:
    granted, broken = desk.ask("granted"), desk.ask("check_books")["broken"]
    if granted["count"] != size.claimants or broken:
        raise RuntimeError(f"{granted} of {size.claimants} rewards were granted; broken: {broken}")


@contextmanager
def _job_worker(url: str) -> Iterator[None]:
    """Run the worker of the jobs, as the application is deployed, until it has begun to take messages."""
    command = [sys.executable, "-m", "celery", "-A", "gigstream", "worker", "-P", "prefork"]
    process = subprocess.Popen(
        [*command, "--concurrency", "1", "-Q", "settlement,default", *WITHOUT_PUBSUB, "--loglevel", "INFO"],
        cwd=ROOT,
        env=environment(url),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for line in process.stderr:
            if " ready." in line:
                break
        # A pipe that nobody reads stops the worker when it is full.
        Thread(target=process.stderr.read, daemon=True).start()
        yield
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _measure_reads(server: Server, size: Size, results: Results, *, every_plan: bool) -> None:
    url = server.create_migrated("quests")
    workers = max(size.quest_events // EVENTS_OF_A_WORKER, 10)
    fill_people(url, workers=workers, platforms=10)
    began = time.monotonic()
    run_file(url, "quests.sql", workers=workers, events=size.quest_events)
    sys.stderr.write(f"{size.quest_events:,} events written in {time.monotonic() - began:.0f} s\n")
    rows = []
    with closing(contenders.python("quest_reads", url)) as reader:
        for name in reader.ask("names")["names"]:
            found = reader.ask("time", name=name, subjects=size.questions)
            goal = at_most(f"{name}, at {size.quest_events:,} events", found["median_ms"], READ_MS, "ms")
            results.goals.append(goal)
            rows.append([name, number(found["median_ms"]), number(found["slowest_ms"])])
            if every_plan or not goal.met:
                results.plans.append(f"{name}: {goal.found}\n\n{found['plan']}")
    results.tables.append(
        Table(
            f"Reads of rewards at {size.quest_events:,} events of {workers:,} workers, in the database",
            ["what", "ms, median", "ms, the slowest one"],
            rows,
        )
    )


def _measure_clusters(server: Server, size: Size, results: Results) -> None:
    """Find the clusters twice: all of them are new to the first run, and none to the second."""
    url = server.create_migrated("clusters")
    fill_people(url, workers=size.tied_accounts, platforms=1)
    run_file(url, "ties.sql", workers=size.tied_accounts)
    rows = []
    with closing(contenders.python("clusters", url)) as finder:
        for which in ("first", "second"):
            found = finder.ask("find")
            rows.append(
                [
                    which,
                    number(found["seconds"]),
                    f"{found['ties']:,}",
                    f"{found['clusters']:,}",
                    f"{found['accounts']:,}",
                ]
            )
            results.goals.append(
                at_most(
                    f"clusters of {size.tied_accounts:,} accounts, {which} run",
                    found["seconds"],
                    CLUSTERS_SECONDS,
                    "s",
                )
            )
    results.tables.append(
        Table(
            f"Clusters of {size.tied_accounts:,} accounts",
            ["run", "s", "ties", "clusters", "accounts in them"],
            rows,
        )
    )
