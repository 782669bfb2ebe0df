"""Claims: a single member of staff at a time, taken over with a reason only, ended when nothing waits any
more."""

import pytest

from audit.claims import services as claims
from audit.claims.errors import ClaimedByAnother, NotClaimed
from audit.log.context import Actor, acting
from audit.log.enums import ActorType
from audit.models import AuditLog, Claim
from tests.support.factories import NOW, seconds

pytestmark = pytest.mark.django_db
ALICE, BOB = "1", "2"


@pytest.fixture(autouse=True)
def by_staff():
    with acting(Actor(ActorType.STAFF, ALICE)):
        yield


def claim(by, **more):
    return claims.claim(subject_type="dispute", subject_id="d", by=by, now=NOW, **more)


def holder():
    found = claims.open_claims("dispute").get("d")
    return found and found.claimed_by


def acts():
    return list(AuditLog.objects.order_by("id").values_list("action", "success"))


def test_a_claim_is_its_claimants_also_when_they_claim_again():
    assert claim(ALICE) == claim(ALICE)
    assert holder() == ALICE
    assert acts() == [("claim.take", True)]


def test_what_another_has_claimed_is_refused_by_their_id_and_stays_theirs():
    claim(ALICE)

    with pytest.raises(ClaimedByAnother) as refused:
        claim(BOB)
    with pytest.raises(ClaimedByAnother):
        claims.release_claim(subject_type="dispute", subject_id="d", by=BOB)

    assert refused.value.numbers["claimed_by"] == ALICE
    assert holder() == ALICE
    assert acts() == [("claim.take", True), ("claim.take", False), ("claim.release", False)]


def test_it_is_taken_over_with_a_reason_that_stays_on_record():
    claim(ALICE)

    claim(BOB, reason=" on leave ")

    assert holder() == BOB
    before, after = Claim.objects.order_by("id")
    assert (before.ended_by, before.ended_at) == (BOB, NOW)
    assert (after.reason, after.ended_at) == ("on leave", None)
    line = AuditLog.objects.latest("id")
    assert (line.changes_after, line.metadata) == ({"claimed_by": BOB}, {"reason": "on leave"})


def test_what_is_given_back_is_anybodys():
    claim(ALICE)
    claims.release_claim(subject_type="dispute", subject_id="d", by=ALICE, now=NOW + seconds(5))

    assert holder() is None
    with pytest.raises(NotClaimed):
        claims.release_claim(subject_type="dispute", subject_id="d", by=ALICE)
    assert claim(BOB).claimed_by == BOB


def test_a_claim_ends_no_earlier_than_it_began_whatever_the_clocks_say():
    taken = claim(ALICE)

    assert claims.drop_claims([taken.pk], now=NOW - seconds(1)) == 1
    assert claims.drop_claims([taken.pk], now=NOW) == 0
    ended = Claim.objects.get()
    assert (ended.ended_at, ended.ended_by) == (NOW, "")
