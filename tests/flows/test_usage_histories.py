"""Random histories of usage: after any order of reports and corrections the days equal a recount."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from gigstream.core.errors import Refusal
from platforms import services as platforms
from platforms.models import CorrectedEvent, PlatformDay, UsageCorrection, UsageEvent, UsageExclusion
from platforms.services import Amendment, EventRef
from platforms.usage.enums import LIKE_KINDS
from tests.support.books import violated
from tests.support.creators.catalogue import creator, work
from tests.support.creators.usage import day_rows, event, have_months, report, usage_faults
from tests.support.factories import NOW, PlatformFactory
from tests.support.long_forms import LONG

pytestmark = [pytest.mark.django_db, pytest.mark.shortened]
SEEDS = range(6) if LONG else range(1)
STEPS = 300 if LONG else 40
KINDS = ("play", "play", "play", "play", "like", "unlike", "comment", "share", "purchase", "tip")


class Life:
    """A platform's usage, step by step, at random."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.platform = PlatformFactory.create(now=NOW - timedelta(days=40))
        creators = [creator(self.platform, now=NOW - timedelta(days=40)) for _ in range(3)]
        self.works = [work(one, published_on=date(2025, 1, 1)) for one in creators for _ in range(2)]
        self.sent = []
        self.refused = 0

    def time(self):
        return NOW - timedelta(days=self.random.randrange(34), seconds=self.random.randrange(80_000))

    def time_of_use(self):
        """Return a time that is mostly of the last days, and else of a quarter that is final."""
        if self.random.random() < 0.8:
            return self.time()
        return datetime(2025, 11, 3, 12, tzinfo=UTC) + timedelta(days=self.random.randrange(2))

    def event(self):
        if self.sent and self.random.random() < 0.15:
            return self.random.choice(self.sent)
        made = event(
            self.random.choice(self.works),
            self.random.choice(KINDS),
            at=self.time_of_use(),
            listener=f"fan-{self.random.randrange(6)}",
        )
        if self.random.random() < 0.03 and self.sent:
            made["id"] = self.random.choice(self.sent)["id"]
        self.sent.append(made)
        return made

    def report(self):
        report(self.platform, *(self.event() for _ in range(self.random.randrange(1, 9))))

    def backfill(self):
        items = [self.event() for _ in range(3)]
        platforms.backfill_usage(platform_id=self.platform.pk, items=items, reason="late", now=NOW)

    def some(self):
        rows = list(UsageEvent.objects.exclude(kind__in=LIKE_KINDS).order_by("number"))
        return self.random.sample(rows, min(len(rows), self.random.randrange(1, 4)))

    def void(self):
        refs = [EventRef(one.number, one.occurred_at) for one in self.some()]
        platforms.void_usage(platform_id=self.platform.pk, events=refs, reason="wrong", now=NOW)

    def amend(self):
        changes = [
            Amendment(
                number=one.number,
                occurred_at=one.occurred_at,
                new_time=self.time_of_use(),
                amount=Decimal("0.75") if one.amount else None,
            )
            for one in self.some()
        ]
        platforms.amend_usage(platform_id=self.platform.pk, amendments=changes, reason="wrong", now=NOW)

    def revert(self):
        ids = list(UsageCorrection.objects.order_by("created_at", "pk").values_list("pk", flat=True))
        if ids:
            platforms.revert_correction(
                platform_id=self.platform.pk,
                correction_id=self.random.choice(ids),
                reason="right",
                now=NOW,
            )

    def prune(self):
        platforms.prune_listener_days(now=NOW)

    def follow(self):
        one = self.random.choice(self.works).creator
        act = self.random.choice([platforms.follow_creator, platforms.unfollow_creator])
        act(platform_id=self.platform.pk, creator_id=one.pk, listener="fan-1", now=self.time())

    def move(self):
        one = self.random.choice(self.works)
        to = self.random.choice(self.works).creator
        platforms.move_work(work_id=one.pk, creator_id=to.pk, now=self.time())

    def step(self):
        acts = [self.report] * 6 + [self.void] * 3 + [self.amend] * 3 + [self.revert] * 2
        act = self.random.choice([*acts, self.backfill, self.backfill, self.prune, self.follow, self.move])
        try:
            act()
        except Refusal:
            self.refused += 1


@pytest.mark.parametrize("seed", SEEDS)
def test_days_equal_a_recount_after_any_order_of_reports_and_corrections(seed):
    have_months()
    life = Life(seed)
    for number in range(STEPS):
        life.step()
        if number % 20 == 0:
            assert usage_faults() == [], number

    assert usage_faults() == []
    assert violated() == {}
    assert life.refused < STEPS
    assert UsageExclusion.objects.exists()
    assert CorrectedEvent.objects.exists()
    assert PlatformDay.objects.exclude(listeners_pruned_at=None).exists()
    assert UsageCorrection.objects.exclude(listeners_final_on=[]).exists()
    before = day_rows()
    platforms.rebuild_days(
        platform_id=life.platform.pk,
        first=date(2025, 10, 1),
        last=NOW.date(),
        reason="a test",
        now=NOW,
    )
    assert day_rows() == before
