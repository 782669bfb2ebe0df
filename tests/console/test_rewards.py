"""Points and outages on the pages of staff: each is requested by one person and approved by another."""

from datetime import timedelta

import pytest
from django.urls import reverse

from audit.models import Approval
from gigstream.core.clock import database_now
from reputation.models import Outage, PointsBalance, PointsEntry
from tests.support.factories import WorkerFactory
from tests.support.pages.addresses import whole_page
from tests.support.pages.admin import act, answer, member, told
from tests.support.rewards.points import give_points

pytestmark = pytest.mark.django_db


def test_points_are_reversed_by_two_people_and_stand_on_the_workers_page():
    worker, now = WorkerFactory(), database_now()
    entry = give_points(worker, 5, now=now)
    give_points(worker, 2, now=now)
    ann, bob = member("ann"), member("bob")

    (message,) = told(act(ann.client, "reverse", entry, reason="the post was copied"))
    assert "Reversal of points waits for a second person" in message
    assert PointsBalance.objects.get().balance == 7
    act(bob.client, "approve", Approval.objects.get())

    assert PointsEntry.objects.get(reverses=entry).reason == "the post was copied"
    shown = whole_page(ann.client, worker)
    assert "the post was copied" in shown
    assert PointsBalance.objects.get().balance == 2


def test_an_outage_is_declared_by_two_people():
    ann, bob, now = member("ann"), member("bob"), database_now().replace(microsecond=0)
    starts_at, ends_at = now - timedelta(hours=5), now - timedelta(hours=3)
    form = ann.client.get(reverse("admin:reputation_outage_act", args=["declare"]))

    answer(
        ann.client,
        form,
        starts_at=f"{starts_at:%Y-%m-%d %H:%M:%S}",
        ends_at=f"{ends_at:%Y-%m-%d %H:%M:%S}",
        reason="the database was away",
    )
    assert Outage.objects.count() == 0
    act(bob.client, "approve", Approval.objects.get())

    outage = Outage.objects.get()
    assert (outage.starts_at, outage.ends_at, outage.reason) == (starts_at, ends_at, "the database was away")
    assert (outage.requested_by, outage.approved_by) == (str(ann.actor), str(bob.actor))


def test_who_may_not_declare_an_outage_is_refused():
    viewer = member("vera", "reputation.view_outage")

    assert viewer.client.get(reverse("admin:reputation_outage_act", args=["declare"])).status_code == 403
    assert viewer.client.get(reverse("admin:reputation_outage_changelist")).status_code == 200
