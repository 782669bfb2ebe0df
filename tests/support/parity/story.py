"""A random history: an act after another, drawn by weight, each at a later time."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from gigstream.core.errors import Refusal
from platforms.models import Platform
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, seconds
from tests.support.parity import oracle

WORKERS, PLATFORMS = 12, 4
BLOCKED_WALLET = f"0x{'b' * 40}"


class NothingToDoIt(Exception):
    """No row is in a state for this act: another act is drawn."""


@dataclass
class Story:
    """The acts so far, how often each was done and refused. `now` only moves forward."""

    seed: int
    now: datetime = NOW
    operations: int = 0
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    workers: list[UUID] = field(default_factory=list)
    platforms: list[Platform] = field(default_factory=list)
    rng: Random = field(init=False)
    number: int = 0

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)

    def later(self, most: float = 600) -> datetime:
        """Some time has passed, up to `most` seconds."""
        self.now += seconds(round(self.rng.uniform(0.001, most), 3))
        oracle.set_clock(self.now)
        return self.now

    def register_worker(self, **columns: str) -> None:
        self.workers.append(WorkerFactory.create(now=self.now, **columns).pk)

    def register_platform(self) -> None:
        fee_bps = self.rng.choice((0, 200, 333))
        self.platforms.append(PlatformFactory.create(funds="2500", fee_bps=fee_bps, now=self.now))

    def a_worker(self) -> UUID:
        return self.rng.choice(self.workers)

    def a_platform(self) -> Platform:
        """Any platform, as it was when it was registered."""
        return self.rng.choice(self.platforms)

    def pick(self, rows: QuerySet[Any]) -> UUID:
        """Return the id of any of the rows."""
        ids = list(rows.order_by("created_at").values_list("pk", flat=True))
        if not ids:
            raise NothingToDoIt
        return self.rng.choice(ids)

    def amount(self, most: float = 60) -> str:
        """Return an amount with up to six decimals."""
        return f"{self.rng.uniform(1, most):.{self.rng.choice((0, 2, 6))}f}"

    def next_key(self) -> str:
        """Return a key that was not used before."""
        self.number += 1
        return f"story-{self.seed}-{self.number}"


# Returns how many operations it was, if several: calls of a service, saves of a row, batches.
Act = Callable[[Story], int | None]
ACTS: dict[str, tuple[int, Act]] = {}


def act(weight: int) -> Callable[[Act], Act]:
    """Register an act; `weight` says how often, against the others."""

    def enrol(function: Act) -> Act:
        assert function.__name__ not in ACTS
        ACTS[function.__name__] = (weight, function)
        return function

    return enrol


def begin(seed: int) -> Story:
    """Install the copy, and make people and funds."""
    story = Story(seed)
    oracle.install(story.now)
    for number in range(WORKERS):
        story.later()
        story.register_worker(**{"wallet_address": BLOCKED_WALLET} if number == 0 else {})
    for _ in range(PLATFORMS):
        story.later()
        story.register_platform()
    return story


def go_on(story: Story, operations: int) -> None:
    """So many operations more (or a few above)."""
    names = list(ACTS)
    weights = [weight for weight, _ in ACTS.values()]
    enough = story.operations + operations
    while story.operations < enough:
        do(story, story.rng.choices(names, weights)[0])


def do(story: Story, name: str) -> None:
    """Do an act, if there is a row for it; a refused act leaves nothing behind and is no operation."""
    story.later()
    try:
        operations = ACTS[name][1](story)
    except NothingToDoIt:
        return
    except Refusal:
        story.refused[name] += 1
    else:
        story.done[name] += 1
        story.operations += operations or 1


def make_up_for(story: Story) -> None:
    """Do the acts that chance has left out, as soon as possible."""
    for name in ACTS:
        for _ in range(200):
            if story.done[name]:
                break
            do(story, name)
            go_on(story, 5)
