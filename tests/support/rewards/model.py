"""A model of quests in whole numbers: amounts are micro-USDC or points, times are seconds, dates are days.

It follows the rules as they are written down and shares nothing with the product: one fact, one event, at
most one reward; a count and a place for each; a budget that is granted, reserved or free.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

DAY = 86_400
LEASE, HOLD = DAY, 14 * DAY
# Clocks of those who report may be so far ahead.
AHEAD = 300


@dataclass(frozen=True)
class Refused(Exception):
    """The act is refused by this code, and nothing has changed."""

    code: str


@dataclass(slots=True)
class Event:
    """A fact with its reward, which exists once it is granted."""

    number: int
    worker: int
    amount: int
    date: int | None
    made_at: int
    status: str = "received"
    is_reserved: bool = False
    held_until: int = 0
    is_reversed: bool = False


@dataclass(slots=True)
class Lease:
    """An open reservation."""

    date: int | None
    amount: int
    expires_at: int


@dataclass(slots=True)
class Quest:
    """A quest. `owner` is a platform's number, None for the house; without a budget there is no bound."""

    pays: bool
    owner: int | None
    reward: int
    budget: int | None
    fee_bps: int = 0
    is_daily: bool = False
    per_worker: int | None = 1
    places: int | None = None
    cooldown: int = 0
    status: str = "open"
    granted: int = 0
    reserved: int = 0
    taken: int = 0
    counts: Counter[tuple[int, int | None]] = field(default_factory=Counter)
    leases: dict[int, Lease] = field(default_factory=dict)
    facts: dict[tuple[str, int | None], Event] = field(default_factory=dict)

    @property
    def free(self) -> int | None:
        return None if self.budget is None else self.budget - self.granted - self.reserved

    def fee(self, amount: int) -> int:
        return amount * self.fee_bps // 10_000

    def has_room(self, amount: int, places: int = 0, reserved: int = 0) -> bool:
        """Whether there is a place and money for another reward, beside so many places and so much money."""
        has_place = self.places is None or self.taken + places < self.places
        return has_place and (self.free is None or self.free - reserved >= amount)

    def waiting(self) -> list[Event]:
        return [event for event in self.facts.values() if event.status == "received"]

    @property
    def escrow(self) -> int:
        """What a platform holds for it: the budget that is not granted, with the fee that is still due."""
        if not self.pays or self.owner is None or self.budget is None:
            return 0
        return self.budget - self.granted + self.fee(self.budget) - self.fee(self.granted)


@dataclass(frozen=True, slots=True)
class Report:
    """A worker's act, as it is reported: its id, and a date where one is named."""

    worker: int
    external_id: str
    date: int | None = None


# The outcome of a report: the state of its event or "refused", the code of the refusal, whether it was known.
Outcome = tuple[str, str, bool]


class World:
    """Quests, and the money and points of two platforms, the house and some workers."""

    def __init__(self, funds: Sequence[int], zones: Sequence[int]) -> None:
        self.funds = list(funds)
        # Seconds by which each worker's clock is ahead of UTC.
        self.zones = zones
        self.quests: list[Quest] = []
        self.pay = [0] * len(zones)
        self.points: Counter[tuple[int, int | None]] = Counter()
        self.fees = 0
        self._numbers = 0

    def date_of(self, worker: int, at: int) -> int:
        return (at + self.zones[worker]) // DAY

    # Facts

    def report(
        self, quest: Quest, reports: Iterable[Report], now: int, *, is_busy: bool = False, holds: bool = False
    ) -> list[Outcome]:
        """Record the reports, then grant their events, unless the budget is busy or others wait before."""
        waits = is_busy or bool(quest.waiting())
        new: list[Event] = []
        found: list[tuple[Event, bool] | str] = []
        for report in reports:
            try:
                found.append(self._take(quest, report, now, new))
            except Refused as refusal:
                found.append(refusal.code)
        if not waits:
            self._grant(quest, new, now, holds=holds)
        return [
            ("refused", one, False) if isinstance(one, str) else (one[0].status, "", one[1]) for one in found
        ]

    def _take(self, quest: Quest, report: Report, now: int, new: list[Event]) -> tuple[Event, bool]:
        worker, date = report.worker, self._counted_date(quest, report, now)
        known = quest.facts.get((report.external_id, date))
        if known is not None:
            if known.worker != worker:
                raise Refused("fact_already_reported")
            return known, True
        lease = quest.leases.get(worker)
        if lease is not None and lease.date != date:
            lease = None
        if lease is not None and lease.expires_at <= now:
            raise Refused("reservation_expired")
        latest = max(
            (
                one.made_at
                for one in quest.facts.values()
                if one.worker == worker and one.status != "rejected"
            ),
            default=None,
        )
        if latest is not None and now < latest + quest.cooldown:
            raise Refused("quest_cooldown")
        if lease is None:
            self._require_open(quest)
            self._require_count(quest, worker, date)
            added = [event for event in new if not event.is_reserved]
            if not quest.has_room(quest.reward, len(added), sum(event.amount for event in added)):
                raise Refused("quest_exhausted")
            quest.counts[worker, date] += 1
        else:
            del quest.leases[worker]
        self._numbers += 1
        amount = lease.amount if lease else quest.reward
        event = Event(self._numbers, worker, amount, date, now, is_reserved=lease is not None)
        quest.facts[report.external_id, date] = event
        new.append(event)
        return event, False

    def _counted_date(self, quest: Quest, report: Report, now: int) -> int | None:
        if not quest.is_daily:
            if report.date is not None:
                raise Refused("invalid_fact")
            return None
        date = self.date_of(report.worker, now) if report.date is None else report.date
        if date > self.date_of(report.worker, now + AHEAD):
            raise Refused("invalid_fact")
        return date

    def _require_open(self, quest: Quest) -> None:
        if quest.status == "exhausted":
            raise Refused("quest_exhausted")
        if quest.status != "open":
            raise Refused("quest_not_open")

    def _require_count(self, quest: Quest, worker: int, date: int | None) -> None:
        if quest.per_worker is not None and quest.counts[worker, date] >= quest.per_worker:
            raise Refused("quest_limit_reached")

    # Rewards

    def _grant(self, quest: Quest, events: Iterable[Event], now: int, *, holds: bool = False) -> None:
        rejected = False
        for event in events:
            is_held = event.status == "held"
            if not (is_held or event.is_reserved):
                if not quest.has_room(event.amount):
                    event.status, rejected = "rejected", True
                    quest.counts[event.worker, event.date] -= 1
                    continue
                quest.taken += 1
                quest.reserved += event.amount
            if holds and not is_held:
                event.status, event.held_until = "held", now + HOLD
                continue
            self._pay(quest, event)
        self._follow(quest)
        if rejected:
            self._give_back(quest)

    def _pay(self, quest: Quest, event: Event) -> None:
        event.status = "granted"
        if quest.pays:
            self.pay[event.worker] += event.amount
            self.fees += quest.fee(quest.granted + event.amount) - quest.fee(quest.granted)
        else:
            self.points[event.worker, quest.owner] += event.amount
        quest.reserved -= event.amount
        quest.granted += event.amount

    def grant_waiting(self, now: int) -> None:
        """Grant all events that wait, in the order of their numbers."""
        for quest in self.quests:
            waiting = sorted(quest.waiting(), key=lambda event: event.number)
            if waiting:
                self._grant(quest, waiting, now)

    def end_holds(self, now: int) -> None:
        """Grant the held rewards whose time is over."""
        for quest in self.quests:
            due = [one for one in quest.facts.values() if one.status == "held" and one.held_until <= now]
            if due:
                self._grant(quest, due, now)

    def let_go(self, quest: Quest, event: Event, now: int) -> None:
        if event.status != "held":
            raise Refused("quest_event_not_held")
        self._grant(quest, [event], now)

    def keep(self, quest: Quest, event: Event) -> None:
        """Refuse a held reward: its money is free, its place and count stay used."""
        if event.status != "held":
            raise Refused("quest_event_not_held")
        event.status = "rejected"
        quest.reserved -= event.amount
        self._follow(quest)
        self._give_back(quest)

    def reverse(self, quest: Quest, event: Event) -> None:
        """Take the points of an event back."""
        if event.is_reversed:
            raise Refused("points_reversed_already")
        if self.points[event.worker, quest.owner] < event.amount:
            raise Refused("not_enough_points")
        event.is_reversed = True
        self.points[event.worker, quest.owner] -= event.amount

    def pay_out(self, worker: int) -> None:
        """Let all of the worker's money leave, confirmed."""
        self.pay[worker] = 0
        for quest in self.quests:
            for event in quest.facts.values():
                if quest.pays and event.worker == worker and event.status == "granted":
                    event.status = "settled"

    # Reservations

    def reserve(self, quest: Quest, worker: int, now: int) -> None:
        if worker in quest.leases:
            raise Refused("quest_already_reserved")
        date = self.date_of(worker, now) if quest.is_daily else None
        self._require_open(quest)
        self._require_count(quest, worker, date)
        if not quest.has_room(quest.reward):
            raise Refused("quest_exhausted")
        quest.leases[worker] = Lease(date, quest.reward, now + LEASE)
        quest.counts[worker, date] += 1
        quest.reserved += quest.reward
        quest.taken += 1
        self._follow(quest)

    def expire(self, now: int) -> int:
        """End the leases that are over; return how many."""
        ended = 0
        for quest in self.quests:
            due = [worker for worker, lease in quest.leases.items() if lease.expires_at <= now]
            for worker in due:
                lease = quest.leases.pop(worker)
                quest.counts[worker, lease.date] -= 1
                quest.reserved -= lease.amount
                quest.taken -= 1
            if due:
                self._follow(quest)
                self._give_back(quest)
            ended += len(due)
        return ended

    # The owner's acts

    def open(self, quest: Quest) -> None:
        if quest.status == "closed":
            raise Refused("illegal_status")
        if quest.status != "open" and not quest.has_room(quest.reward):
            raise Refused("quest_exhausted")
        quest.status = "open"

    def pause(self, quest: Quest) -> None:
        if quest.status == "closed":
            raise Refused("illegal_status")
        quest.status = "paused"

    def close(self, quest: Quest) -> None:
        quest.status = "closed"
        self._give_back(quest)

    def fund(self, quest: Quest, amount: int) -> None:
        if quest.status == "closed":
            raise Refused("quest_not_open")
        budget = quest.budget or 0
        if budget + amount < quest.granted + quest.reserved:
            raise Refused("invalid_quest")
        needed = amount + quest.fee(budget + amount) - quest.fee(budget)
        if quest.pays and quest.owner is not None:
            if needed > self.funds[quest.owner]:
                raise Refused("insufficient_funds")
            self.funds[quest.owner] -= needed
        quest.budget = budget + amount
        self._follow(quest)

    def change_reward(self, quest: Quest, reward: int) -> None:
        if quest.status == "closed":
            raise Refused("quest_not_open")
        quest.reward = reward
        self._follow(quest)

    def _follow(self, quest: Quest) -> None:
        if quest.status in ("open", "exhausted"):
            quest.status = "open" if quest.has_room(quest.reward) else "exhausted"

    def _give_back(self, quest: Quest) -> None:
        """Give back what a closed quest has free, but for what its waiting events need."""
        if quest.status != "closed" or quest.free is None or quest.budget is None:
            return
        needed = sum(event.amount for event in quest.waiting() if not event.is_reserved)
        amount = max(quest.free - needed, 0)
        if quest.pays and quest.owner is not None:
            self.funds[quest.owner] += amount + quest.fee(quest.budget) - quest.fee(quest.budget - amount)
        quest.budget -= amount
