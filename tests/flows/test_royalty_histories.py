"""Random lives of royalties: each part of what was earned has its place at every moment, and as much is
funded as by a loop over the creators."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest

from audit.log.context import acting_as
from audit.log.enums import ActorType
from payments import services as payments
from payments.earnings.calculations import fee_between
from payments.models import PeriodPay
from payments.royalties.calculations.rates import fund_up_to
from platforms import services as platforms
from platforms.models import UsageFinding
from tests.support.books import violated
from tests.support.creators.royalties import PARTS, paying_platform, play, set_terms, song_of
from tests.support.creators.usage import accepted, event, have_months, void
from tests.support.factories import NOW, balance, fund
from tests.support.long_forms import count

pytestmark = [pytest.mark.django_db, pytest.mark.shortened]
RATES = ("0.000001", "0.01", "0.777777", "1")
STEPS = count(short=25, long=120)


def whole(pay):
    parts = {name: getattr(pay, name) for name in PARTS}
    assert min(parts.values()) >= 0
    assert parts["accrued"] + parts["taken_back"] == sum(
        parts[name] for name in ("paid", "recovered", "carried", "unfunded", "held")
    )
    return parts


class Life:
    """A platform with four creators, and the sum that each of them has earned by a count of single events."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.now = NOW
        self.platform = paying_platform(funds=self.dice.choice(["1", "5", "100"]))
        self.songs = [song_of(self.platform, rate=self.dice.choice(RATES)) for _ in range(4)]
        set_terms(self.platform, minimum="0", grace_days=2)
        self.plays = []
        self.earned = {song.creator.number: Decimal(0) for song in self.songs}

    def rate_of(self, song):
        return song.rates.get().rate

    def play(self):
        song, times = self.dice.choice(self.songs), self.dice.choice([1, 3, 24])
        refs = play(song, times=times, at=self.now, now=self.now)
        self.plays += [(song, ref) for ref in refs]
        self.earned[song.creator.number] += times * self.rate_of(song)

    def tip(self):
        song = self.dice.choice(self.songs)
        amount = self.dice.choice(["0.000001", "0.333333", "2"])
        accepted(self.platform, event(song, "tip", amount=amount, at=self.now), now=self.now)
        self.earned[song.creator.number] += Decimal(amount)

    def void(self):
        if self.plays:
            song, ref = self.plays.pop(self.dice.randrange(len(self.plays)))
            (difference,) = void(self.platform, ref, now=self.now).differences
            self.earned[song.creator.number] += Decimal(difference.get("pay", "0"))

    def judge(self):
        platforms.find_artificial_use(now=self.now)
        for finding in UsageFinding.objects.filter(status="held")[:1]:
            worth = self.worth_of(finding)
            is_artificial = self.dice.random() < 0.5
            with acting_as(ActorType.STAFF, "1"):
                platforms.decide_finding(
                    finding_id=finding.pk, is_artificial=is_artificial, reason="looked at", now=self.now
                )
            self.earned[finding.creator.number] -= worth if is_artificial else 0

    def worth_of(self, finding):
        """Return the worth of the plays that the finding leaves out and no correction has taken away."""
        rates = {song.number: self.rate_of(song) for song in self.songs}
        valid = {ref.number for _, ref in self.plays}
        marks = finding.marks.filter(event_number__in=valid)
        return sum((rates[mark.work_number] for mark in marks), Decimal(0))

    def pass_days(self):
        self.now += timedelta(days=self.dice.choice([1, 2, 9]))
        have_months(self.now)

    def pay_in(self):
        fund(self.platform, self.dice.choice(["0.000001", "1", "7.5"]), now=self.now)

    def accrue(self):
        payments.accrue_royalties(now=self.now)

    def fund_as_a_loop_does(self):
        left, wanted = balance(self.platform, "available"), {}
        rows = PeriodPay.objects.filter(unfunded__gt=0).order_by("period__first", "-source", "creator")
        for pay in rows.select_related("period"):
            fee_bps, base = pay.period.fee_bps, pay.paid + pay.carried
            amount = fund_up_to(pay.unfunded, base=base, fee_bps=fee_bps, available=left)
            left -= amount + fee_between(fee_bps, base, base + amount)
            wanted[pay.pk] = (pay.carried + amount, pay.unfunded - amount)
            if amount < pay.unfunded:
                break
        payments.fund_royalties(now=self.now)
        found = PeriodPay.objects.in_bulk(wanted)
        assert {key: (found[key].carried, found[key].unfunded) for key in wanted} == wanted
        assert balance(self.platform, "available") == left

    def end_and_pay(self):
        payments.end_royalty_periods(now=self.now)
        payments.pay_royalties(now=self.now)


@pytest.mark.parametrize("seed", range(count(short=1, long=40)))
def test_each_part_has_its_place_whatever_happens(seed):
    have_months()
    life = Life(seed)
    acts = [life.play, life.play, life.tip, life.void, life.judge, life.pass_days, life.pay_in]
    acts += [life.accrue, life.accrue, life.fund_as_a_loop_does, life.end_and_pay]
    for _ in range(STEPS):
        life.dice.choice(acts)()
        for pay in PeriodPay.objects.all():
            whole(pay)
    assert violated() == {}
    # Days that nobody has judged are found now, and paid when nobody has decided for 30 days.
    for days in (80, 30):
        life.now += timedelta(days=days)
        have_months(life.now)
        platforms.find_artificial_use(now=life.now)
    fund(life.platform, "5000", now=life.now)
    for _ in range(3):
        life.accrue()
        payments.fund_royalties(now=life.now)
        life.end_and_pay()

    for song in life.songs:
        pays = [whole(pay) for pay in PeriodPay.objects.filter(creator=song.creator)]
        assert sum(parts["accrued"] for parts in pays) == life.earned[song.creator.number]
        assert sum(parts["unfunded"] + parts["held"] + parts["carried"] for parts in pays) == 0
        assert balance(song.creator.worker, "available") == sum(parts["paid"] for parts in pays)
    assert violated() == {}
