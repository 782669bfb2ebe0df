"""Distributions: a sum shared by use, approved by two people, paid once, and exact to the micro-USDC."""

import random
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.approvals import services as approvals
from audit.approvals.errors import SamePerson
from audit.log.context import acting_as
from audit.log.enums import ActorType
from payments import services as payments
from payments.ledger.enums import AccountName
from payments.ledger.errors import InsufficientFunds
from payments.ledger.services import accounts
from payments.models import Distribution, DistributionShare, LedgerEntry
from payments.royalties.errors import (
    DistributionNotDraft,
    DistributionWithoutUse,
    InvalidDistribution,
    MetricsStale,
)
from platforms import services as platforms
from platforms.models import PlatformEvent
from platforms.usage.errors import PeriodFinal
from tests.support.books import violated
from tests.support.creators.catalogue import creator, work
from tests.support.creators.royalties import (
    after_midnight,
    count_use,
    paying_platform,
    play,
    shares_of,
    song_of,
)
from tests.support.creators.usage import have_months, void
from tests.support.database.snapshots import everything
from tests.support.factories import NOW, balance, house_balance
from tests.support.pages.admin import member

pytestmark = pytest.mark.django_db
DAY = NOW.date()
LATER = after_midnight(DAY, minutes=360)


@pytest.fixture(autouse=True)
def months():
    have_months()


@pytest.fixture
def platform():
    return paying_platform()


def song_by(platform, name):
    return work(creator(platform, name=name), rate=None)


def draft(platform, mode="pro_rata", amount="10", first=DAY, last=DAY, now=LATER):
    return payments.draft_distribution(
        platform_id=platform.pk, first=first, last=last, mode=mode, amount=amount, now=now
    )


def approved(platform, **given):
    count_use(LATER)
    found = draft(platform, **given)
    return payments.approve_distribution(distribution_id=found.pk, now=LATER)


def test_a_sum_is_shared_by_all_plays(platform):
    for name, times in (("A", 1), ("B", 1), ("C", 1)):
        play(song_by(platform, name), times=times)

    found = draft(platform, amount="100")

    assert shares_of(found) == {
        "A": Decimal("33.333334"),
        "B": Decimal("33.333333"),
        "C": Decimal("33.333333"),
    }
    assert (found.number, found.creators, found.plays, found.total_weight) == (1, 3, 3, 3)
    assert balance(platform, "escrow") == 0
    assert PlatformEvent.objects.get(type="distribution.created").payload["amount"] == "100.000000"
    assert violated() == {}


def test_a_sum_is_shared_by_what_each_listener_played(platform):
    first, second = song_by(platform, "A"), song_by(platform, "B")
    play(first, "ann", times=9)
    play(second, "ann", times=1)
    play(second, "bob", times=1)

    assert shares_of(draft(platform, amount="10")) == {
        "A": Decimal("8.181818"),
        "B": Decimal("1.818182"),
    }
    # Of two listeners one gave all to B, the other a tenth.
    assert shares_of(draft(platform, "user_centric", amount="10")) == {
        "A": Decimal("4.5"),
        "B": Decimal("5.5"),
    }


@pytest.mark.parametrize("mode", ["pro_rata", "user_centric"])
def test_shares_of_random_use_add_up_and_are_those_of_a_model(platform, mode):
    dice = random.Random(mode)
    songs = {name: song_by(platform, name) for name in "ABCDE"}
    listened = {}
    for listener in ("ann", "bob", "eve", "joe"):
        for name, song in songs.items():
            times = dice.randrange(4)
            if times:
                play(song, listener, times=times)
                listened[listener, name] = times
    amount = Decimal("7.000001")

    shares = shares_of(draft(platform, mode, amount=str(amount)))

    totals = {who: sum(n for (one, _), n in listened.items() if one == who) for who, _ in listened}
    weights = dict.fromkeys(songs, Fraction(0))
    for (who, name), times in listened.items():
        weights[name] += Fraction(times, totals[who]) if mode == "user_centric" else times
    assert sum(shares.values()) == amount
    for name, share in shares.items():
        exact = Fraction(amount) * weights[name] / sum(weights.values())
        assert abs(Fraction(share) - exact) < Fraction(1, 10**6)


def test_two_people_approve_it_and_the_shares_are_paid_with_the_fee_on_top(platform):
    song = song_by(platform, "A")
    play(song)
    count_use(LATER)
    found = draft(platform, amount="100")
    permissions = ("payments.approve_distribution", "audit.approve_approval")
    first, second = (member(name, *permissions) for name in ("ann", "bob"))
    asked = first.does(
        payments.request_distribution, distribution_id=found.pk, reason="the quarter", now=LATER
    )
    with pytest.raises(SamePerson):
        first.does(approvals.approve, approval_id=asked.pk, now=LATER)
    second.does(approvals.approve, approval_id=asked.pk, now=LATER)

    assert (balance(platform, "available"), balance(platform, "escrow")) == (898, 102)
    assert violated() == {}
    assert payments.pay_distributions(now=LATER) == 1

    assert balance(song.creator.worker, "available") == 100
    assert (house_balance("fees"), balance(platform, "escrow")) == (2, 0)
    found.refresh_from_db()
    assert (found.status, found.paid_amount) == ("paid", 100)
    types = PlatformEvent.objects.filter(type__startswith="distribution.").order_by("pk")
    assert [one.type for one in types] == [
        "distribution.created",
        "distribution.approved",
        "distribution.paid",
    ]
    assert payments.pay_distributions(now=LATER) == 0
    assert violated() == {}


def test_a_batch_pays_many_by_as_many_statements_as_few(platform):
    few = paying_platform()
    play(song_by(few, "A"))
    for number in range(60):
        play(song_by(platform, f"creator {number}"))
    counts = []
    accounts.of_house(AccountName.FEES)
    for one in (few, platform):
        count_use(LATER)
        found = draft(one)
        payments.approve_distribution(distribution_id=found.pk, now=LATER)
        with CaptureQueriesContext(connection) as queries:
            payments.pay_distributions(now=LATER)
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert LedgerEntry.objects.filter(kind="royalty").count() == 61
    assert violated() == {}


def test_it_waits_while_days_are_not_over_or_not_counted(platform):
    song = song_by(platform, "A")
    play(song)
    found = draft(platform, now=NOW)

    def refused(now):
        with pytest.raises(MetricsStale) as caught:
            payments.approve_distribution(distribution_id=found.pk, now=now)
        return caught.value.numbers["waits_for"]

    before = everything()
    assert refused(NOW) == f"{DAY} is not over"
    assert refused(LATER) == "days are still to be counted"
    assert everything() == before
    payments.accrue_royalties(now=LATER)
    assert refused(after_midnight(DAY)) == f"rules of artificial use are still to look at {DAY}"
    platforms.find_artificial_use(now=LATER)
    play(song, at=NOW, now=LATER)
    payments.accrue_royalties(now=LATER)
    # Reports that come late are looked at like the others.
    assert refused(LATER) == f"rules of artificial use are still to look at {DAY}"
    platforms.find_artificial_use(now=LATER)
    assert refused(LATER) == "use has changed since the draft: share it anew"

    payments.recount_distribution(distribution_id=found.pk, now=LATER)
    payments.approve_distribution(distribution_id=found.pk, now=LATER)

    assert DistributionShare.objects.get().plays == 2
    assert violated() == {}


def test_it_waits_for_decisions_about_artificial_use_and_leaves_it_out(platform):
    robot, band = song_by(platform, "Robot"), song_by(platform, "Band")
    play(robot, "ann", times=25)
    play(band, "bob", times=20)
    payments.accrue_royalties(now=LATER)
    settled = after_midnight(DAY, minutes=400)
    count_use(settled)
    found = draft(platform, now=settled)
    with pytest.raises(MetricsStale, match="1 findings of artificial use are not decided"):
        payments.approve_distribution(distribution_id=found.pk, now=settled)
    finding = robot.creator.usage_findings.get()
    with acting_as(ActorType.STAFF, "1"):
        platforms.decide_finding(finding_id=finding.pk, is_artificial=True, reason="a robot", now=settled)
    payments.accrue_royalties(now=settled)

    payments.approve_distribution(distribution_id=found.pk, now=settled)

    shares = DistributionShare.objects.order_by("creator")
    assert [(one.plays, one.plays_refused, one.amount) for one in shares] == [(20, 5, 5), (20, 0, 5)]


def test_days_without_use_are_refused(platform):
    with pytest.raises(DistributionWithoutUse):
        draft(platform)

    assert not Distribution.objects.exists()


@pytest.mark.parametrize(
    "first, last",
    [
        (DAY, DAY - timedelta(days=1)),
        (DAY - timedelta(days=366), DAY),
        (DAY + timedelta(days=5), DAY + timedelta(days=6)),
    ],
)
def test_days_out_of_order_too_many_or_to_come_are_refused(platform, first, last):
    with pytest.raises(InvalidDistribution):
        draft(platform, first=first, last=last)


def test_money_that_is_not_there_is_not_distributed(platform):
    play(song_by(platform, "A"))
    count_use(LATER)
    found = draft(platform, amount="999")
    before = everything()

    with pytest.raises(InsufficientFunds):
        payments.approve_distribution(distribution_id=found.pk, now=LATER)

    assert everything() == before


def test_a_distribution_is_approved_and_cancelled_once(platform):
    play(song_by(platform, "A"))
    found = approved(platform)

    for act in (
        payments.approve_distribution,
        payments.cancel_distribution,
        payments.recount_distribution,
    ):
        with pytest.raises(DistributionNotDraft):
            act(distribution_id=found.pk, now=LATER)
    other = draft(platform)
    payments.cancel_distribution(distribution_id=other.pk, now=LATER)
    with pytest.raises(DistributionNotDraft):
        payments.approve_distribution(distribution_id=other.pk, now=LATER)
    assert violated() == {}


def test_days_that_were_distributed_are_not_corrected_any_more(platform):
    (ref,) = play(song_by(platform, "A"))
    approved(platform)

    with pytest.raises(PeriodFinal):
        void(platform, ref, now=LATER)


def test_days_by_rates_alone_are_corrected_after_they_were_paid():
    song = song_of(paying_platform())
    (ref,) = play(song)
    payments.accrue_royalties(now=LATER)

    assert void(song.platform, ref, now=LATER).events == 1
