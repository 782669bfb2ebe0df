"""Two acts of a single member of staff at once: their sums are counted in turn."""

from functools import partial

import pytest

from audit.models import Approval
from audit.staff_movements.models import StaffMovement
from platforms.services import cancel_or_request
from tests.support.database.interleaving import acts
from tests.support.factories import NOW, PlatformFactory, assigned
from tests.support.pages.admin import member

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_cancellations_at_the_same_time_the_second_needs_a_second_person(settings, books_balance):
    settings.STAFF_ALONE_UP_TO = "500"
    ann = member("ann")
    tasks = [assigned(platform=PlatformFactory(funds="1000"), amount="300") for _ in range(2)]
    calls = [
        partial(ann.does, cancel_or_request, task_id=task.pk, reason="mistake", now=NOW) for task in tasks
    ]

    with acts() as start:
        first = start(calls[0], stop_after='INSERT INTO "staff_movements"')
        first.wait_until_stopped()
        second = start(calls[1])
        second.wait_until_blocked(by=first)
        assert first.outcome().status == "cancelled"
        assert isinstance(second.outcome(), Approval)

    assert StaffMovement.objects.get().amount == 300
    books_balance()
