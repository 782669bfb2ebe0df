"""Two members of staff claim the same thing at the same time."""

from functools import partial

import pytest

from audit.claims import services as claims
from audit.models import Claim

pytestmark = pytest.mark.django_db(transaction=True)
STAFF = [str(number) for number in range(1, 7)]


def test_of_those_who_claim_at_once_one_gets_it_and_the_others_hear_whose_it_is(at_once):
    results, refusals = at_once(
        *[partial(claims.claim, subject_type="dispute", subject_id="d", by=one) for one in STAFF]
    )

    (taken,) = results
    assert Claim.objects.get() == taken
    assert [refusal.numbers["claimed_by"] for refusal in refusals] == [taken.claimed_by] * 5


def test_of_those_who_take_over_at_once_each_takes_it_from_the_one_before(at_once):
    claims.claim(subject_type="dispute", subject_id="d", by="0")

    results, refusals = at_once(
        *[
            partial(claims.claim, subject_type="dispute", subject_id="d", by=one, reason="urgent")
            for one in STAFF
        ]
    )

    assert (len(results), refusals) == (6, [])
    assert Claim.objects.filter(ended_at=None).count() == 1
    assert {one.ended_by for one in Claim.objects.exclude(ended_at=None)} <= set(STAFF)
    assert Claim.objects.count() == 7
