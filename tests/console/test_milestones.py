"""Milestones of creators on the pages of staff: rules for all platforms, their versions, refused actions."""

import pytest
from django.urls import reverse

from gigstream.core.clock import database_now
from platforms import services as platforms
from reputation.milestones import services
from reputation.models import CreatorMilestone, MilestoneRule
from tests.support.creators.catalogue import creator, work
from tests.support.creators.milestones import rule
from tests.support.creators.usage import accepted, event, have_months
from tests.support.factories import PlatformFactory
from tests.support.pages.addresses import page, text_of, whole_page
from tests.support.pages.admin import act, answer, member, told

pytestmark = pytest.mark.django_db
CREATE = "admin:reputation_milestonerule_act"
GIVEN = {
    "name": "token",
    "description": "A token of your own",
    "action": "create_token",
    "conditions": "plays all_time 50000\n\nfollowers all_time 5000\n",
    "reason": "as agreed",
}


def _conditions(made):
    rows = made.conditions.order_by("metric").values_list("metric", "window", "threshold")
    return [(metric, window, f"{threshold:.0f}") for metric, window, threshold in rows]


def test_a_rule_for_all_platforms_is_made_changed_and_retired():
    ann = member("ann")

    answer(ann.client, ann.client.get(reverse(CREATE, args=["create"])), **GIVEN)
    first = MilestoneRule.objects.get()
    assert (first.platform, first.name, first.version, first.action) == (None, "token", 1, "create_token")
    assert _conditions(first) == [("followers", "all_time", "5000"), ("plays", "all_time", "50000")]
    assert "A token of your own" in text_of(ann.client.get(page(first)))

    revised = {"description": "A token", "conditions": "plays 30_days 9", "reason": "cheaper"}
    assert told(act(ann.client, "revise", first, **revised)) == ["1 milestone rule given a next version."]
    second = MilestoneRule.objects.get(version=2)
    assert (second.action, _conditions(second)) == ("create_token", [("plays", "30_days", "9")])

    act(ann.client, "retire", second, reason="no more")
    assert not MilestoneRule.objects.filter(retired_at=None).exists()


@pytest.mark.parametrize(
    "conditions",
    ["", "plays all_time", "fame all_time 5", "plays week 5", "plays all_time 1.5", "plays all_time x"],
)
def test_conditions_that_cannot_be_read_make_no_rule(conditions):
    ann = member("ann")

    asked = ann.client.get(reverse(CREATE, args=["create"]))
    shown = answer(ann.client, asked, **{**GIVEN, "conditions": conditions})

    assert shown.status_code == 200
    assert not MilestoneRule.objects.exists()


def test_who_may_not_make_a_rule_is_refused():
    viewer = member("vera", "reputation.view_milestonerule")

    assert viewer.client.get(reverse(CREATE, args=["create"])).status_code == 403
    assert viewer.client.get(reverse("admin:reputation_milestonerule_changelist")).status_code == 200


def test_a_refused_token_is_tried_again():
    now, ann = database_now(), member("ann")
    have_months(now)
    platform = PlatformFactory.create(now=now)
    song = work(creator(platform, now=now), now=now)
    rule(platform, ("plays", "all_time", 1), action="create_token", now=now)
    accepted(platform, event(song, at=now), now=now)
    platforms.close_creator(creator_id=song.creator_id, now=now)
    services.act_on_milestones(now=now)
    made = CreatorMilestone.objects.get()
    assert made.trouble == "creator_closed"
    assert "version 1" in whole_page(ann.client, song.creator)

    act(ann.client, "try_again", made, reason="asked by the platform")

    assert CreatorMilestone.objects.get().status == "waiting"
