"""Random histories of creators: a milestone is reached if and only if a recount has crossed its rule at some
moment, and once."""

import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest

from gigstream.core.errors import Refusal
from platforms import services as platforms
from platforms.models import Follow, UsageCorrection, UsageEvent, UsageExclusion
from platforms.services import Amendment, EventRef
from platforms.usage.enums import LIKE_KINDS
from reputation.milestones import services
from reputation.models import CreatorMilestone, MilestoneRule, TokenValue
from tests.support.books import violated
from tests.support.creators.catalogue import creator, work
from tests.support.creators.milestones import condition, rule, value, with_token
from tests.support.creators.usage import event, have_months, report
from tests.support.factories import NOW, PlatformFactory
from tests.support.long_forms import LONG

pytestmark = [pytest.mark.django_db, pytest.mark.shortened]
SEEDS = range(8) if LONG else range(1)
STEPS = 150 if LONG else 40
KINDS = ("play", "play", "play", "play", "like", "unlike", "comment", "share", "purchase", "tip")
METRICS = ("plays", "followers", "likes", "comments", "shares", "purchases", "revenue")
SIGNS = {1: ("plays", 1), 2: ("likes", 1), 3: ("likes", -1), 4: ("comments", 1), 5: ("shares", 1)}


def _recount(creators, now):
    """Return each metric of each creator: in all, in 30 days, and in each month; from the events
    and follows alone."""
    excluded = set(UsageExclusion.objects.values_list("event_number", flat=True))
    facts = []
    for one in UsageEvent.objects.exclude(number__in=excluded):
        day = one.occurred_at.date()
        if one.kind in SIGNS:
            metric, sign = SIGNS[one.kind]
            facts.append((one.creator_number, day, metric, sign))
        else:
            facts.append((one.creator_number, day, "revenue", one.amount))
            if one.kind == 6:
                facts.append((one.creator_number, day, "purchases", 1))
    for one in Follow.objects.select_related("creator"):
        facts.append((one.creator.number, one.since.date(), "followers", 1))
        if one.until is not None:
            facts.append((one.creator.number, one.until.date(), "followers", -1))
    found = {one.number: defaultdict(Decimal) for one in creators}
    for number, day, metric, count in facts:
        found[number][(metric, "all_time")] += count
        found[number][(metric, day.replace(day=1))] += count
        if now.date() - timedelta(days=29) <= day <= now.date() + timedelta(days=1):
            found[number][(metric, "30_days")] += count
    return found


def _with_market(found, creator, months):
    """Return the metrics with a tenth of the token's last value in each month's revenue."""
    values = TokenValue.objects.filter(creator=creator).order_by("as_of")
    copy = defaultdict(Decimal, found)
    for month in months:
        known = [one.market_value for one in values if one.as_of.date().replace(day=1) <= month]
        copy[("revenue", month)] += (known[-1] / 10 if known else Decimal(0)).quantize(Decimal("0.000001"))
    return copy


class Life:
    """Creators of a platform, step by step, at random, beside the milestones that a recount crosses."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.now = NOW
        start = NOW - timedelta(days=40)
        self.platform = PlatformFactory.create(now=start)
        self.creators = [with_token(creator(self.platform, now=start), now=start) for _ in range(3)]
        self.works = [
            work(one, now=start, published_on=date(2025, 1, 1)) for one in self.creators for _ in range(2)
        ]
        self.expected = set()
        self.refused = 0

    def time(self):
        return self.now - timedelta(days=self.random.randrange(34), seconds=self.random.randrange(80_000))

    def conditions(self):
        windows = ("all_time", "30_days", "month")
        some = self.random.sample([(metric, one) for metric in METRICS for one in windows], 2)
        return [condition(*one, self.random.randrange(1, 9)) for one in some[: self.random.randrange(1, 3)]]

    def make_rule(self):
        rule(
            self.platform if self.random.random() < 0.7 else None,
            *[(one.metric, one.window, one.threshold) for one in self.conditions()],
            now=self.now,
        )

    def change_rule(self):
        ids = list(MilestoneRule.objects.filter(retired_at=None).order_by("pk").values_list("pk", flat=True))
        if ids:
            services.change_milestone_rule(
                rule_id=self.random.choice(ids),
                description="Another",
                conditions=self.conditions(),
                now=self.now,
            )

    def report(self):
        events = [
            event(
                self.random.choice(self.works),
                self.random.choice(KINDS),
                at=self.time(),
                listener=f"fan-{self.random.randrange(4)}",
            )
            for _ in range(self.random.randrange(1, 7))
        ]
        report(self.platform, *events, now=self.now)

    def some(self):
        rows = list(UsageEvent.objects.exclude(kind__in=LIKE_KINDS).order_by("number"))
        return self.random.sample(rows, min(len(rows), self.random.randrange(1, 4)))

    def void(self):
        refs = [EventRef(one.number, one.occurred_at) for one in self.some()]
        platforms.void_usage(platform_id=self.platform.pk, events=refs, reason="wrong", now=self.now)

    def amend(self):
        changes = [
            Amendment(
                number=one.number,
                occurred_at=one.occurred_at,
                new_time=self.time(),
                amount=Decimal("0.75") if one.amount else None,
            )
            for one in self.some()
        ]
        platforms.amend_usage(platform_id=self.platform.pk, amendments=changes, reason="wrong", now=self.now)

    def revert(self):
        ids = list(UsageCorrection.objects.order_by("created_at", "pk").values_list("pk", flat=True))
        if ids:
            platforms.revert_correction(
                platform_id=self.platform.pk,
                correction_id=self.random.choice(ids),
                reason="right",
                now=self.now,
            )

    def follow(self):
        one = self.random.choice(self.creators)
        act = self.random.choice([platforms.follow_creator, platforms.unfollow_creator])
        fan = f"fan-{self.random.randrange(9)}"
        act(platform_id=self.platform.pk, creator_id=one.pk, listener=fan, now=self.now)

    def report_value(self):
        value(self.random.choice(self.creators), str(self.random.randrange(0, 90)), at=self.now)

    def step(self):
        self.now += timedelta(hours=self.random.randrange(1, 12))
        rules = list(MilestoneRule.objects.filter(retired_at=None).prefetch_related("conditions"))
        was = self.recount()
        acts = [self.report] * 6 + [self.follow] * 5 + [self.void] * 2 + [self.amend] * 2 + [self.revert]
        act = self.random.choice([*acts, self.report_value, self.make_rule, self.change_rule])
        try:
            act()
        except Refusal:
            self.refused += 1
        after = self.recount()
        for one in self.creators:
            for made in rules:
                if self.crosses(made, was[one.number], after[one.number]):
                    self.expected.add((one.pk, made.pk))

    def recount(self):
        months = [date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1)]
        found = _recount(self.creators, self.now)
        return {one.number: _with_market(found[one.number], one, months) for one in self.creators}

    def crosses(self, made, was, after):
        """Whether a condition was crossed and all hold, over the present month or one that has changed."""
        months = {key[1] for key in {*was, *after} if isinstance(key[1], date) and was[key] != after[key]}
        conditions = list(made.conditions.all())
        return any(
            all(self.holds(one, after, month) for one in conditions)
            and not all(self.holds(one, was, month) for one in conditions)
            for month in {*months, self.now.date().replace(day=1)}
        )

    @staticmethod
    def holds(one, values, month):
        return values[(one.metric, month if one.window == "month" else one.window)] >= one.threshold


@pytest.mark.parametrize("seed", SEEDS)
def test_a_milestone_is_reached_if_and_only_if_a_recount_crosses_its_rule(seed):
    have_months()
    life = Life(seed)
    for _ in range(4):
        life.make_rule()
    for number in range(STEPS):
        life.step()
        assert set(CreatorMilestone.objects.values_list("creator", "rule")) == life.expected, number

    assert life.expected
    assert life.refused < STEPS
    assert violated() == {}
