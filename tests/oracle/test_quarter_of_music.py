"""The quarter of a music platform: use in batches with duplicates and late corrections, and all that follows
from it up to the chain, equal to a model that counts every event alone."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from audit.approvals import services as approvals
from gigstream.remote_calls.models import CircuitBreaker
from payments import services as payments
from payments.models import ChainOperation, Distribution, PeriodPay, RoyaltyPeriod, Statement
from payments.oracle.calculations import unpack_numbers
from platforms import services as platforms
from platforms.models import CreatorDay
from platforms.services import Amendment, EventRef
from reputation.milestones import services as milestones
from reputation.milestones.calculations import Condition
from reputation.milestones.enums import Metric, MilestoneAction, Window
from reputation.models import CreatorMilestone
from tests.support.books import violated
from tests.support.creators.catalogue import work
from tests.support.creators.royalties import count_use, paying_platform
from tests.support.creators.usage import have_months, usage_faults
from tests.support.factories import balance
from tests.support.oracle.creators import on_chain
from tests.support.oracle.node import NodeChain
from tests.support.pages.admin import member

pytestmark = [pytest.mark.django_db, pytest.mark.long_form]

FIRST = date(2026, 1, 1)
WEEKS = 13
PLAYS_A_WEEK = 4_700
LISTENERS = 120
# All three of the creators have been heard so often before the quarter ends.
MILESTONE = 2 * PLAYS_A_WEEK
RATES = (Decimal("0.004"), Decimal("0.003"), Decimal("0.0025"))
BEGIN = datetime(2025, 12, 20, 9, tzinfo=UTC)


@dataclass
class Reported:
    """An event as it was accepted, and whether it counts."""

    work: int
    listener: str
    at: datetime
    ref: EventRef
    counts: bool = True


@dataclass
class Quarter:
    """The platform, its works, and a model of all that counts."""

    dice: random.Random = field(default_factory=lambda: random.Random("a quarter"))
    reported: list[Reported] = field(default_factory=list)
    sent: list[dict[str, object]] = field(default_factory=list)
    replayed: int = 0
    conflicts: int = 0

    def __post_init__(self) -> None:
        self.platform = paying_platform("50000", now=BEGIN)
        self.creators = [on_chain(self.platform, now=BEGIN) for _ in range(3)]
        self.works = [
            work(self.creators[number % 3], now=BEGIN, rate=str(RATES[number % 3]), external_id=f"w-{number}")
            for number in range(9)
        ]
        milestones.create_milestone_rule(
            platform_id=self.platform.pk,
            name="heard",
            description="heard by many",
            action=MilestoneAction.ELIGIBLE,
            conditions=[Condition(Metric.PLAYS, Window.ALL_TIME, Decimal(MILESTONE))],
            now=BEGIN,
        )

    def owner(self, number: int) -> int:
        return number % 3

    def report_week(self, week: int) -> datetime:
        """Report a week of plays, some of them twice and some ids with something else; return when."""
        monday = datetime.combine(FIRST + timedelta(weeks=week), datetime.min.time(), UTC)
        now = monday + timedelta(days=7, hours=1)
        have_months(now)
        items, made = [], []
        for number in range(PLAYS_A_WEEK):
            at = monday + timedelta(seconds=self.dice.randrange(7 * 86_400))
            of = min(self.dice.randrange(9), self.dice.randrange(9))
            listener = f"fan-{self.dice.randrange(LISTENERS)}"
            items.append(
                {
                    "id": f"{week}-{number}",
                    "work": f"w-{of}",
                    "kind": "play",
                    "listener": listener,
                    "occurred_at": at.isoformat(),
                    "seconds": 180,
                }
            )
            made.append((of, listener, at))
        again = self.dice.sample(self.sent, min(len(self.sent), PLAYS_A_WEEK // 20))
        other = [{**one, "seconds": 179} for one in self.dice.sample(self.sent, min(len(self.sent), 3))]
        result = platforms.report_usage(platform_id=self.platform.pk, items=[*items, *again, *other], now=now)
        assert len(result.accepted) == PLAYS_A_WEEK
        self._note(result, len(items), len(again))
        for position, (of, listener, at) in enumerate(made):
            self.reported.append(Reported(of, listener, at, EventRef(result.accepted[position], at)))
        # Events older than 35 days are refused before their ids are looked for.
        self.sent = [*self.sent, *items] if week % 5 else items
        return now

    def _note(self, result, new, again):
        assert set(result.replayed) == set(range(new, new + again)) - set(result.refused)
        assert all(position >= new for position in result.refused)
        self.replayed += len(result.replayed)
        self.conflicts += len(result.refused)

    def correct(self, now: datetime) -> None:
        """Void some plays of the last weeks, and move others to another time."""
        recent = [one for one in self.reported if one.counts and now - one.at < timedelta(days=25)]
        voided, moved = recent[:7], recent[-5:]
        platforms.void_usage(
            platform_id=self.platform.pk,
            events=[one.ref for one in voided],
            reason="a loop that played by itself",
            now=now,
        )
        for one in voided:
            one.counts = False
        changes = [
            Amendment(
                number=one.ref.number,
                occurred_at=one.ref.occurred_at,
                new_time=one.at - timedelta(hours=30),
                amount=None,
            )
            for one in moved
        ]
        platforms.amend_usage(
            platform_id=self.platform.pk, amendments=changes, reason="a clock that was wrong", now=now
        )
        for one in moved:
            one.counts = False
            self.reported.append(
                Reported(one.work, one.listener, one.at - timedelta(hours=30), one.ref, True)
            )

    def counted(self) -> list[Reported]:
        return [one for one in self.reported if one.counts]

    def plays(self, number: int) -> int:
        return sum(self.owner(one.work) == number for one in self.counted())


def test_the_quarter_adds_up(deployed, proxy):
    quarter, chain = Quarter(), NodeChain(deployed)
    for week in range(WEEKS):
        now = quarter.report_week(week)
        if week % 4 == 2:
            quarter.correct(now)
        count_use(now)
        payments.fund_royalties(now=now)
        payments.end_royalty_periods(now=now)
        payments.pay_royalties(now=now)
        if week == 6:
            its_numbers_reach_the_chain(quarter, chain, now)
    end = datetime(2026, 4, 9, 12, tzinfo=UTC)
    have_months(end)

    its_days_are_those_of_the_model(quarter)
    its_royalties_are_paid_to_the_micro_unit(quarter, end)
    its_distribution_adds_up(quarter, end)
    its_pool_adds_up(quarter, end)
    its_milestones_were_reached_once(quarter)
    its_numbers_outlast_an_outage(quarter, chain, proxy, end)
    assert quarter.replayed > 0
    assert quarter.conflicts > 0
    assert usage_faults() == []
    assert violated() == {}


def its_days_are_those_of_the_model(quarter):
    plays = Counter((quarter.owner(one.work), one.at.date()) for one in quarter.counted())
    heard = {(quarter.owner(one.work), one.at.date(), one.listener) for one in quarter.counted()}
    listeners = Counter((of, day) for of, day, _ in heard)
    for number, of in enumerate(quarter.creators):
        rows = CreatorDay.objects.filter(creator=of, plays__gt=0)
        found = {row.day: (row.plays, row.listeners) for row in rows}
        days = {day for owner, day in plays if owner == number}
        assert found == {day: (plays[number, day], listeners[number, day]) for day in days}


def its_royalties_are_paid_to_the_micro_unit(quarter, end):
    for _ in range(3):
        count_use(end)
        payments.end_royalty_periods(now=end)
        payments.pay_royalties(now=end)
    ended = RoyaltyPeriod.objects.filter(platform=quarter.platform, last__lt=date(2026, 4, 1))
    assert set(ended.values_list("status", flat=True)) == {"final"}
    for number, of in enumerate(quarter.creators):
        pays = PeriodPay.objects.filter(creator=of, source="plays")
        accrued = sum(pay.accrued for pay in pays)
        assert accrued == RATES[number] * quarter.plays(number)
        kept = sum(pay.carried + pay.unfunded + pay.held + pay.recovered - pay.taken_back for pay in pays)
        assert balance(of.worker, "available") == accrued - kept
    assert Statement.objects.filter(period__in=ended).count() >= 3


def its_distribution_adds_up(quarter, end):
    before = {one.pk: balance(one.worker, "available") for one in quarter.creators}
    permissions = ("payments.approve_distribution", "audit.approve_approval")
    first, second = (member(name, *permissions) for name in ("ann", "bob"))
    drafted = payments.draft_distribution(
        platform_id=quarter.platform.pk,
        first=FIRST,
        last=date(2026, 3, 31),
        mode="user_centric",
        amount="1000.000001",
        now=end,
    )
    asked = first.does(
        payments.request_distribution, distribution_id=drafted.pk, reason="the quarter", now=end
    )
    second.does(approvals.approve, approval_id=asked.pk, now=end)
    payments.pay_distributions(now=end)

    found = Distribution.objects.get()
    assert found.status == "paid"
    shares = dict(found.shares.values_list("creator", "amount"))
    assert sum(shares.values()) == Decimal("1000.000001")
    for one in quarter.creators:
        assert balance(one.worker, "available") - before[one.pk] == shares[one.number]


def its_pool_adds_up(quarter, end):
    before = {one.pk: balance(one.worker, "available") for one in quarter.creators}
    pool = payments.create_pool(platform_id=quarter.platform.pk, name="Spring fund", now=end)
    for units, one in zip((7, 3, 1), quarter.creators, strict=True):
        payments.set_pool_units(pool_id=pool.pk, creator_id=one.pk, units=units, now=end)
    for amount in ("100", "0.000005", "33.333333"):
        payments.add_to_pool(pool_id=pool.pk, amount=amount, now=end)
    payments.close_pool(pool_id=pool.pk, now=end)
    payments.pay_pools(now=end)

    got = [balance(one.worker, "available") - before[one.pk] for one in quarter.creators]
    assert sum(got) == Decimal("133.333338")
    exact = [Decimal("133.333338") * units / 11 for units in (7, 3, 1)]
    assert all(abs(one - other) < Decimal("0.000002") for one, other in zip(got, exact, strict=True))


def its_milestones_were_reached_once(quarter):
    reached = CreatorMilestone.objects.order_by("reached_at")
    assert {one.creator_id for one in reached} == {one.pk for one in quarter.creators}
    assert reached.count() == len(quarter.creators)


def its_numbers_reach_the_chain(quarter, chain, now):
    chain.now = now
    assert chain.sync() == len(quarter.creators)
    assert chain.work_until_it_ends() == ("confirmed", "")
    its_chain_shows_what_is_counted(quarter, chain)


def its_numbers_outlast_an_outage(quarter, chain, proxy, end):
    chain.now = end
    assert chain.sync() == len(quarter.creators)
    assert payments.record_distributions(now=end, oracle=chain.deployed.oracle()) == 1
    proxy.is_away = True
    for _ in range(12):
        chain.work(seconds=10)
    assert CircuitBreaker.objects.get(service="oracle").state == "open"
    assert set(ChainOperation.objects.filter(ended_at=None).values_list("trouble", flat=True)) == {
        "service_away"
    }

    proxy.is_away = False
    for _ in range(12):
        chain.work(blocks=2, seconds=60)

    assert set(ChainOperation.objects.values_list("status", flat=True)) == {"confirmed"}
    assert chain.deployed.count() == ChainOperation.objects.count() == 3
    its_chain_shows_what_is_counted(quarter, chain)
    compared = payments.reconcile_oracle(now=chain.now, oracle=chain.deployed.oracle())
    assert (compared.differences, compared.is_complete) == (0, True)


def its_chain_shows_what_is_counted(quarter, chain):
    for number, of in enumerate(quarter.creators):
        shown = unpack_numbers(chain.deployed.packed(quarter.platform, of.metrics_address))
        assert shown.plays == quarter.plays(number)
