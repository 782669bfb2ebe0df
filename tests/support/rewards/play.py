"""A play of random acts on quests: each on the product and on the model, which must agree after every act."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection

from audit.log.context import acting_as
from audit.log.enums import ActorType
from gigstream.core.errors import Refusal
from gigstream.core.money import from_micro, to_micro
from payments import services as payments
from payments.models import Account
from reputation.models import PointsBalance, PointsEntry, Quest, QuestCount, QuestEvent, Reservation
from reputation.points.services import reverse_points
from reputation.quests import services as quests
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, consent, settle
from tests.support.quests import Fact, held_rewards, open_quest
from tests.support.rewards import model
from tests.support.rewards.model import DAY, Report, World
from tests.support.servers.processes import database_url
from workers.profiles.enums import PayoutSchedule

# Zones without summer time, and the seconds by which they are ahead.
ZONES = {"UTC": 0, "Asia/Kolkata": 19_800, "America/Phoenix": -25_200}
PEOPLE = [*ZONES, "UTC"]
FUNDS = (10**15, 60 * 10**6)
POOR = 1
FEES_BPS = (200, 333)
GAPS = (0, 0, 1, 59, 600, 3_599, 3_600, 7 * 3_600, DAY - 1, DAY)
MOST_EVENTS = 60
EPOCH = date(1970, 1, 1)

Rows = dict[str, Any]


class Play:
    """Acts on a few quests of two platforms and the house, chosen by a seed. `done` counts their outcomes."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.done: Counter[str] = Counter()
        self.now = int(NOW.timestamp())
        self.world = World(FUNDS, [ZONES[zone] for zone in PEOPLE])
        self.workers = [_worker_in(zone) for zone in PEOPLE]
        self.platforms = [
            PlatformFactory.create(funds=from_micro(funds), fee_bps=fee_bps)
            for funds, fee_bps in zip(FUNDS, FEES_BPS, strict=True)
        ]
        for platform in self.platforms:
            for worker in self.workers:
                consent(platform, worker)
        self.ids: dict[int, UUID] = {}
        for kind in range(4):
            self.begin_quest(kind)

    def at(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)

    def step(self) -> None:
        """Do an act, and compare all that it may have moved."""
        self.now += self.random.choice(GAPS)
        acts = (
            *[self.report] * 9,
            *[self.reserve] * 3,
            self.decide,
            self.decide,
            self.reverse,
            self.own,
            self.jobs,
            self.jobs,
            self.pay_out,
        )
        self.random.choice(acts)()
        self.compare()

    # Acts

    def begin_quest(self, kind: int) -> None:
        """Open a quest of one of four kinds, with terms by chance."""
        pick = self.random.choice
        pays, owner = ((True, 0), (True, 1), (False, 0), (False, None))[kind]
        unit = 10**6 if pays else 1
        one = model.Quest(
            pays=pays,
            owner=owner,
            reward=pick((3 * unit, 5 * unit, 7 * unit + (1 if pays else 0))),
            budget=pick((10, 30, 45)) * unit if pays or pick((True, False)) else None,
            fee_bps=FEES_BPS[owner] if pays and owner is not None else 0,
            is_daily=pick((True, False)),
            per_worker=pick((1, 2, None)),
            places=pick((None, 4, 12)),
            cooldown=pick((0, 0, 3_600)),
        )
        needed = one.escrow
        if owner is not None and needed > self.world.funds[owner]:
            return
        row = open_quest(
            None if owner is None else self.platforms[owner],
            house=owner is None,
            budget=None if one.budget is None else _amount_text(one, one.budget),
            now=self.at(),
            reward_kind="payout" if pays else "points",
            reward_amount=_amount_text(one, one.reward),
            period="daily" if one.is_daily else "once",
            limit_per_worker=one.per_worker,
            limit_total=one.places,
            cooldown_seconds=one.cooldown,
        )
        if owner is not None and pays:
            self.world.funds[owner] -= needed
        self.world.quests.append(one)
        self.ids[id(one)] = row.pk

    def report(self) -> None:
        """Report one to four acts, with the budget held by another transaction now and then."""
        quest = self._quest()
        reports = [self._report(quest) for _ in range(self.random.choice((1, 1, 1, 2, 4)))]
        is_busy, holds = self.random.random() < 0.12, self.random.random() < 0.15
        expected = self.world.report(quest, reports, self.now, is_busy=is_busy, holds=holds)
        facts = [
            Fact(self.workers[one.worker].pk, "done", one.external_id, _day(one.date), self.at())
            for one in reports
        ]
        with _busy(self.ids[id(quest)], is_busy), _held(holds):
            results = quests.record_events(quest_id=self.ids[id(quest)], facts=facts, now=self.at())
        found = [(one.state, one.code if one.state == "refused" else "", one.replayed) for one in results]
        assert found == expected, (found, expected, quest, reports)
        self.done.update(f"{state} {code}".strip() for state, code, _ in found)

    def _report(self, quest: model.Quest) -> Report:
        worker = self.random.randrange(len(self.workers))
        mine = f"w{worker}:{self.random.randrange(4)}"
        external_id = mine if self.random.random() < 0.8 else f"shared:{self.random.randrange(6)}"
        is_dated = self.random.random() < (0.4 if quest.is_daily else 0.03)
        today = self.world.date_of(worker, self.now)
        dated = today + self.random.choice((-2, -1, 0, 0, 1)) if is_dated else None
        return Report(worker, external_id, dated)

    def reserve(self) -> None:
        quest, worker = self._quest(), self.random.randrange(len(self.workers))
        self.act(
            "reserve",
            lambda: self.world.reserve(quest, worker, self.now),
            lambda: quests.reserve_place(
                quest_id=self.ids[id(quest)], worker_id=self.workers[worker].pk, now=self.at()
            ),
        )

    def decide(self) -> None:
        """Let a held reward go, or refuse it; an event that is not held, now and then."""
        quest, event, number = self._event(lambda event: event.status == "held")
        if event is None:
            return
        if self.random.random() < 0.5:
            self.act(
                "let go",
                lambda: self.world.let_go(quest, event, self.now),
                lambda: _as_staff(quests.let_go, event_id=number, reason="two sisters", now=self.at()),
            )
        else:
            self.act(
                "keep",
                lambda: self.world.keep(quest, event),
                lambda: _as_staff(quests.keep_held, event_id=number, reason="one person", now=self.at()),
            )

    def reverse(self) -> None:
        """Take points of a granted event back, some twice."""
        quest, event, number = self._event(lambda event: event.status == "granted")
        if event is None or quest.pays or event.status != "granted":
            return
        entry = PointsEntry.objects.get(quest_event_id=number)
        self.act(
            "reverse",
            lambda: self.world.reverse(quest, event),
            lambda: _as_staff(
                reverse_points,
                entry_id=entry.pk,
                requested_by="staff:3",
                approved_by="staff:4",
                reason="a mistake",
                now=self.at(),
            ),
        )

    def own(self) -> None:
        """Do an act of the quest's owner. A closed quest is followed by another, once it holds nothing."""
        quest = self._quest()
        pk, now = self.ids[id(quest)], self.at()
        amount = self.random.choice((1, 5, 30)) * (10**6 if quest.pays else 1)
        name = self.random.choice(("open", "open", "pause", "fund", "fund", "reward", "close"))
        if name == "fund" and quest.pays and amount == 30 * 10**6 and quest.owner == POOR:
            # More than its platform ever has.
            amount *= 100
        must, does = {
            "open": (lambda: self.world.open(quest), lambda: quests.open_quest(quest_id=pk, now=now)),
            "pause": (lambda: self.world.pause(quest), lambda: quests.pause_quest(quest_id=pk, now=now)),
            "close": (lambda: self.world.close(quest), lambda: quests.close_quest(quest_id=pk, now=now)),
            "fund": (
                lambda: self.world.fund(quest, amount),
                lambda: quests.fund_quest(quest_id=pk, amount=_amount_text(quest, amount), now=now),
            ),
            "reward": (
                lambda: self.world.change_reward(quest, amount),
                lambda: quests.change_quest(
                    quest_id=pk, changes={"reward_amount": _amount_text(quest, amount)}, now=now
                ),
            ),
        }[name]
        self.act(name, must, does)

    def jobs(self) -> None:
        """Run the jobs, or some of them."""
        if self.random.random() < 0.7:
            self.world.grant_waiting(self.now)
            quests.grant_quest_events(now=self.at())
        if self.random.random() < 0.6:
            assert quests.expire_reservations(now=self.at()) == self.world.expire(self.now)
        if self.random.random() < 0.5:
            self.world.end_holds(self.now)
            quests.end_due_holds(now=self.at())
        if self.random.random() < 0.2:
            assert quests.settle_quest_events(now=self.at()) == 0

    def pay_out(self) -> None:
        """Pay out all that a worker has, and let it be confirmed."""
        worker = self.random.randrange(len(self.workers))
        if self.world.pay[worker] < 10**6:
            return
        payments.cash_out(worker_id=self.workers[worker].pk, now=self.at())
        settle(self.at())
        self.world.pay_out(worker)
        self.now += 61
        self.done["paid out"] += 1

    def act(self, name: str, must: Callable[[], Any], does: Callable[[], Any]) -> None:
        """Require that both do it, or refuse it by the same code."""
        expected = found = None
        try:
            must()
        except model.Refused as refused:
            expected = refused.code
        try:
            does()
        except Refusal as refusal:
            found = refusal.code
        assert found == expected, (name, found, expected)
        self.done[f"{name} {found or ''}".strip()] += 1

    def _quest(self) -> model.Quest:
        """Return a quest; one that has had its time gives way to another."""
        for kind, quest in enumerate(list(self.world.quests)):
            if quest.status == "closed" and not _holds_something(quest):
                self.world.quests.remove(quest)
                del self.ids[id(quest)]
                self.begin_quest(kind)
            elif quest.status != "closed" and len(quest.facts) > MOST_EVENTS:
                self.world.close(quest)
                quests.close_quest(quest_id=self.ids[id(quest)], now=self.at())
        if not self.world.quests:
            self.begin_quest(0)
        return self.random.choice(self.world.quests)

    def _event(self, fits: Callable[[model.Event], bool]) -> tuple[model.Quest, model.Event | None, int]:
        """Return an event that fits where there is one, else any, with its number in the database."""
        quest = self._quest()
        fitting = [key for key, event in quest.facts.items() if fits(event)] or list(quest.facts)
        if not fitting:
            return quest, None, 0
        external_id, dated = key = self.random.choice(fitting)
        row = QuestEvent.objects.get(
            quest=self.ids[id(quest)], external_id=external_id, event_date=_day(dated)
        )
        return quest, quest.facts[key], row.pk

    # Comparison

    def compare(self) -> None:
        """Require that the database has what the model has."""
        found, expected = self._found(), self._expected()
        for name, rows in expected.items():
            assert found[name] == rows, name

    def _expected(self) -> Rows:
        live = [(self.ids[id(quest)], quest) for quest in self.world.quests]
        return {
            "quests": {
                pk: (one.status, one.budget, one.granted, one.reserved, one.taken) for pk, one in live
            },
            "counts": {
                (pk, worker, dated): n for pk, one in live for (worker, dated), n in one.counts.items() if n
            },
            "events": {
                (pk, *key): (event.status, event.worker, event.amount)
                for pk, one in live
                for key, event in one.facts.items()
            },
            "reservations": {
                (pk, worker): (lease.date, lease.amount)
                for pk, one in live
                for worker, lease in one.leases.items()
            },
            "pay": self.world.pay,
            "funds": self.world.funds,
            "fees": self.world.fees,
            "escrow": [
                sum(quest.escrow for quest in self.world.quests if quest.owner == number)
                for number in range(len(self.platforms))
            ],
            "points": {key: n for key, n in self.world.points.items() if n},
        }

    def _found(self) -> Rows:
        people = {worker.pk: number for number, worker in enumerate(self.workers)}
        owners = {platform.pk: number for number, platform in enumerate(self.platforms)} | {None: None}
        live = {self.ids[id(quest)]: quest for quest in self.world.quests}

        def units(pk: UUID, amount: Any) -> Any:
            return None if amount is None else to_micro(amount) if live[pk].pays else int(amount)

        of_quests = Quest.objects.filter(pk__in=live)
        counts = QuestCount.objects.filter(quest__in=live, n__gt=0)
        events = QuestEvent.objects.filter(quest__in=live)
        leases = Reservation.objects.open().filter(quest__in=live)
        accounts = {(one.worker_id or one.platform_id, one.name): one for one in Account.objects.all()}
        money = {key: to_micro(one.balance) for key, one in accounts.items()}
        return {
            "quests": {
                one.pk: (
                    one.status,
                    *(units(one.pk, sum_) for sum_ in (one.budget, one.granted, one.reserved)),
                    one.places_taken,
                )
                for one in of_quests
            },
            "counts": {
                (one.quest_id, people[one.worker_id], _number(one.period_date)): one.n for one in counts
            },
            "events": {
                (one.quest_id, one.external_id, _number(one.event_date)): (
                    one.status,
                    people[one.worker_id],
                    units(one.quest_id, one.amount),
                )
                for one in events
            },
            "reservations": {
                (one.quest_id, people[one.worker_id]): (
                    _number(one.period_date),
                    units(one.quest_id, one.amount),
                )
                for one in leases
            },
            "pay": [money.get((worker.pk, "available"), 0) for worker in self.workers],
            "funds": [money[platform.pk, "available"] for platform in self.platforms],
            "fees": money.get((None, "fees"), 0),
            "escrow": [money.get((platform.pk, "escrow"), 0) for platform in self.platforms],
            "points": {
                (people[one.worker_id], owners[one.platform_id]): one.balance
                for one in PointsBalance.objects.filter(balance__gt=0)
            },
        }


def _worker_in(zone: str) -> Any:
    worker = WorkerFactory.create()
    worker.time_zone = zone
    worker.save(update_fields=["time_zone"])
    payments.set_payout_schedule(worker_id=worker.pk, schedule=PayoutSchedule.BY_HAND)
    return worker


def _holds_something(quest: model.Quest) -> bool:
    open_ = any(event.status in ("received", "held") for event in quest.facts.values())
    return open_ or bool(quest.leases)


def _amount_text(quest: model.Quest, amount: int) -> str:
    return str(from_micro(amount)) if quest.pays else str(amount)


def _day(number: int | None) -> date | None:
    return None if number is None else EPOCH + timedelta(days=number)


def _number(day: date | None) -> int | None:
    return None if day is None else (day - EPOCH).days


def _as_staff(service: Callable[..., Any], **given: Any) -> Any:
    with acting_as(ActorType.STAFF, "4"):
        return service(**given)


@contextmanager
def _busy(quest_id: UUID, is_busy: bool) -> Iterator[None]:
    """Have another transaction hold the quest's row."""
    if not is_busy:
        yield
        return
    with psycopg.connect(database_url()) as other:
        other.execute("SELECT FROM quests WHERE id = %s FOR NO KEY UPDATE", [quest_id])
        yield
        other.rollback()


@contextmanager
def _held(holds: bool) -> Iterator[None]:
    if not holds:
        yield
        return
    with held_rewards():
        yield


def play(seed: int, steps: int) -> Counter[str]:
    """Play so many steps; return how often each outcome was met. Raise AssertionError at a difference."""
    connection.ensure_connection()
    one = Play(seed)
    for _ in range(steps):
        one.step()
    return one.done
