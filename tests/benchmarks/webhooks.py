"""The time until events arrive at webhooks that are well, beside others that hang or fail, and without."""

import statistics
import time
from collections.abc import Sequence
from unittest.mock import patch

from django.test.utils import override_settings

from gigstream.network import outbound
from platforms import services as platforms
from platforms.models import Platform
from tests.benchmarks.databases import Server, on_database
from tests.benchmarks.results import Results, Table, at_most, number
from tests.benchmarks.scale import Size
from tests.support.servers.webhooks import Receiver

WELL = 8
# How long the hanging webhook is waited for; a run lasts as long.
HANGS_SECONDS = 2.0
WANTED = 1.2
ALONE, BESIDE = "alone", "beside one that hangs and one that fails"


def run(server: Server, size: Size, results: Results) -> None:
    """Rounds of both kinds take turns, on the same webhooks and with as many events for each of them."""
    taken: dict[str, list[float]] = {ALONE: [], BESIDE: []}
    with (
        on_database(server.create_migrated("webhooks")),
        override_settings(WEBHOOK_ALLOW_LOOPBACK=True),
        patch.object(outbound, "TOTAL_SECONDS", HANGS_SECONDS),
        Receiver() as receiver,
    ):
        well = [_listening(f"well {turn}", receiver.url("/ok")) for turn in range(WELL)]
        events = max(size.requests // WELL // 10, 2)
        _round(receiver, well, (), events)
        for turn in range(size.rounds):
            taken[ALONE].append(_round(receiver, well, (), events))
            unwell = [_listening(f"{path} {turn}", receiver.url(path)) for path in ("/slow", "/vanish")]
            taken[BESIDE].append(_round(receiver, well, unwell, events))
            for platform in unwell:
                platforms.disable_webhook(platform_id=platform.pk, reason="measured")
    _report(taken, size, events, results)


def _listening(name: str, url: str) -> Platform:
    platform = platforms.register_platform(name=name, contact_email="ops@example.com")
    platforms.set_webhook(platform_id=platform.pk, url=url)
    return platform


def _round(receiver: Receiver, well: Sequence[Platform], unwell: Sequence[Platform], events: int) -> float:
    """Return the median time until the events of the `well` arrived, from the start of the run, in ms."""
    receiver.requests.clear()
    for _ in range(events):
        for platform in (*unwell, *well):
            platforms.send_test_event(platform_id=platform.pk)
    began = time.monotonic()
    platforms.deliver_webhooks()
    arrived = [request.at - began for request in receiver.requests if request.path == "/ok"]
    if len(arrived) != events * len(well):
        raise RuntimeError(f"{len(arrived)} events arrived of {events * len(well)}")
    return 1000 * statistics.median(arrived)


def _report(taken: dict[str, list[float]], size: Size, events: int, results: Results) -> None:
    medians = {name: statistics.median(found) for name, found in taken.items()}
    ratio = medians[BESIDE] / medians[ALONE]
    results.goals.append(
        at_most(f"webhooks that are well, {BESIDE}, against {ALONE}", ratio, WANTED, "times")
    )
    rows = [
        [name, number(medians[name]), f"{number(min(found))} to {number(max(found))}"]
        for name, found in taken.items()
    ]
    title = f"{events} events for each of {WELL} webhooks, {size.rounds} rounds"
    results.tables.append(Table(title, ["webhooks that are well", "median ms", "fastest to slowest"], rows))
