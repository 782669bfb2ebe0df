"""Referrals: who joined by a worker's code counts for quests once they were paid for a first task."""

from datetime import timedelta

import pytest

from platforms import services as platforms
from reputation.models import PointsBalance, QuestEvent, Referral
from reputation.proofs import services as proofs
from reputation.proofs.calculations import read_referral_code, referral_code
from reputation.proofs.errors import AlreadyReferred, ReferralTooLate, UnknownReferralCode
from reputation.quests.errors import InvalidQuest
from tests.support.books import violated
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, balance, consent, started
from tests.support.quests import DAY, open_quest
from workers.profiles.errors import WorkerSuspended

pytestmark = pytest.mark.django_db


def joined_by(referrer, *, now=NOW):
    """Return a worker who joined by the referrer's code."""
    worker = WorkerFactory(now=now)
    proofs.name_referrer(worker_id=worker.pk, code=referral_code(referrer.pk).lower(), now=now)
    return worker


def earn(worker, platform, *, now=NOW, amount="10"):
    platforms.complete_task(task_id=started(worker, platform=platform, amount=amount, now=now).pk, now=now)


@pytest.fixture
def referrer():
    return WorkerFactory(now=NOW - 30 * DAY)


def of_house(**given):
    terms = {"limit_per_worker": None, "is_claimable": False, "reward_amount": "2", **given}
    return open_quest(house=True, kind="referral", budget="10", **terms)


def test_a_referral_counts_once_the_referred_worker_was_paid(referrer):
    platform, quest = PlatformFactory(funds="100"), of_house()
    worker = joined_by(referrer)

    assert proofs.count_referrals(now=NOW) == 0
    earn(worker, platform)
    assert proofs.count_referrals(now=NOW) == 1
    earn(worker, platform)
    assert proofs.count_referrals(now=NOW) == 0

    event = QuestEvent.objects.get(quest=quest)
    assert (event.worker_id, event.external_id, event.status) == (referrer.pk, str(worker.pk), "granted")
    assert balance(referrer, "available") == 2
    assert Referral.objects.get().counted_at == NOW
    assert violated() == {}


def test_each_referred_worker_counts(referrer):
    platform = PlatformFactory(funds="100")
    of_house()
    for _ in range(2):
        earn(joined_by(referrer), platform)

    assert proofs.count_referrals(now=NOW) == 2

    assert balance(referrer, "available") == 4


def test_the_platform_that_paid_rewards_by_its_own_quests_and_no_other(referrer):
    payer, other = PlatformFactory(funds="100"), PlatformFactory(funds="100")
    for platform in (payer, other):
        consent(platform, referrer)
        open_quest(
            platform,
            kind="referral",
            is_claimable=False,
            reward_kind="points",
            reward_amount=7,
            budget=None,
            limit_per_worker=None,
        )
    earn(joined_by(referrer), payer)

    proofs.count_referrals(now=NOW)

    assert list(PointsBalance.objects.values_list("worker", "platform", "balance")) == [
        (referrer.pk, payer.pk, 7)
    ]


def test_a_report_of_the_same_referral_is_the_same_fact(referrer):
    platform, quest = PlatformFactory(funds="100"), of_house()
    worker = joined_by(referrer)
    earn(worker, platform)
    proofs.count_referrals(now=NOW)
    Referral.objects.update(counted_at=None)

    assert proofs.count_referrals(now=NOW) == 1

    assert QuestEvent.objects.filter(quest=quest).count() == 1
    assert balance(referrer, "available") == 2


def test_a_task_half_a_year_later_does_not_count(referrer):
    quest, later = of_house(), NOW + 181 * DAY
    earn(joined_by(referrer), PlatformFactory(funds="100"), now=later)

    assert proofs.count_referrals(now=later) == 0

    assert not QuestEvent.objects.filter(quest=quest).exists()


def test_a_referrer_is_named_once_in_the_first_days_and_before_the_first_task(referrer):
    worker, other = joined_by(referrer), WorkerFactory(now=NOW - DAY)
    again = proofs.name_referrer(worker_id=worker.pk, code=referral_code(referrer.pk), now=NOW)

    assert again == Referral.objects.get()
    with pytest.raises(AlreadyReferred):
        proofs.name_referrer(worker_id=worker.pk, code=referral_code(other.pk), now=NOW)
    late = WorkerFactory(now=NOW)
    with pytest.raises(ReferralTooLate, match="within 14 days"):
        proofs.name_referrer(
            worker_id=late.pk, code=referral_code(referrer.pk), now=NOW + timedelta(days=14, seconds=1)
        )
    earn(late, PlatformFactory(funds="100"))
    with pytest.raises(ReferralTooLate, match="completed 1"):
        proofs.name_referrer(worker_id=late.pk, code=referral_code(referrer.pk), now=NOW)
    assert Referral.objects.count() == 1


def test_nobody_refers_themselves_or_who_was_here_before(referrer):
    worker = WorkerFactory(now=NOW)

    for code in (
        referral_code(worker.pk),
        referral_code(WorkerFactory(now=NOW + DAY).pk),
        "nobody",
        "Z" * 26,
        "",
        "\uff3a" * 26,
    ):
        with pytest.raises(UnknownReferralCode):
            proofs.name_referrer(worker_id=worker.pk, code=code, now=NOW)
    worker.status = "suspended"
    worker.save()
    with pytest.raises(WorkerSuspended):
        proofs.name_referrer(worker_id=worker.pk, code=referral_code(referrer.pk), now=NOW)

    assert not Referral.objects.exists()


def test_a_code_names_its_worker(referrer):
    assert read_referral_code(f" {referral_code(referrer.pk).lower()} ") == referrer.pk


def test_a_quest_of_referrals_is_not_claimed():
    with pytest.raises(InvalidQuest, match="counts by itself"):
        of_house(is_claimable=True)
