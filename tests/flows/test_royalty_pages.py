"""Distributions on the pages of staff, and royalties over the API: each party sees its own numbers."""

from datetime import timedelta

import pytest
from django.urls import reverse

from audit.log.context import acting_as
from audit.log.enums import ActorType
from audit.models import Approval
from gigstream.core.clock import database_now
from payments import services as payments
from payments.models import Distribution, Statement
from platforms import services as platforms
from platforms.platforms.scopes import scope_names
from tests.support.api.client import Api
from tests.support.books import violated
from tests.support.creators.catalogue import creator, work
from tests.support.creators.royalties import count_use, play, run_until_final, set_terms
from tests.support.creators.usage import have_months
from tests.support.factories import PlatformFactory
from tests.support.pages.admin import act, member, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def song():
    """A work that was played four times two days ago, at half a dollar."""
    now = database_now()
    have_months(now)
    before = now - timedelta(days=3)
    platform = PlatformFactory.create(funds="1000", fee_bps=200, now=before)
    song = work(creator(platform, now=before), now=before, rate="0.5")
    play(song, times=4, at=now - timedelta(days=2), now=now)
    count_use(now)
    return song


def played_on():
    return (database_now() - timedelta(days=2)).date()


def drafted(song):
    return payments.draft_distribution(
        platform_id=song.platform_id, first=played_on(), last=played_on(), mode="pro_rata", amount="10"
    )


def test_staff_see_what_a_draft_waits_for_and_two_approve_it(song):
    found, first, second = drafted(song), member("ann"), member("bob")
    page = first.client.get(reverse("admin:payments_distribution_change", args=[found.pk]))
    assert "two people to approve it" in page.content.decode()

    act(first.client, "approve", found, reason="the quarter")
    approval = Approval.objects.get(kind="distribution.approve")
    page = act(second.client, "approve", approval, reason="as agreed")

    assert told(page)
    found.refresh_from_db()
    assert found.status == "approved"
    assert payments.pay_distributions() == 1
    assert violated() == {}


def test_a_platform_sees_its_pays_and_a_dry_run_leaves_nothing(song):
    api = Api.of(song.platform, scopes=scope_names())

    (row,) = api.get("royalties/pays").json()["items"]
    assert (row["creator_id"], row["accrued"], row["carried"]) == (
        str(song.creator_id),
        "2.000000",
        "2.000000",
    )
    body = {
        "first": played_on().isoformat(),
        "last": played_on().isoformat(),
        "mode": "user_centric",
        "amount": "10.00",
    }
    dry = api.post("distributions?dry_run=true", body).json()
    assert (dry["dry_run"], dry["answer"]["creators"]) == (True, 1)
    assert not Distribution.objects.exists()


def test_a_creator_sees_a_statement_whose_lines_add_up_to_it(song):
    set_terms(song.platform, now=database_now())
    run_until_final(database_now() + timedelta(days=45))
    api = Api.as_worker(song.creator.worker)

    statement = Statement.objects.get()
    shown = api.get(f"me/royalties/statements/{statement.pk}").json()

    assert (shown["accrued"], shown["pro_rata"], shown["user_centric"]) == ("2.000000",) * 3
    assert [(line["plays"], line["rate"], line["amount"]) for line in shown["lines"]] == [
        (4, "0.500000", "2.000000")
    ]
    assert "(plays - plays_refused) * rate" in shown["formula"]
    (row,) = api.get("me/royalties").json()["items"]
    assert (row["paid"], row["carried"]) == ("2.000000", "0.000000")


def test_a_creator_sees_a_share_with_its_formula_and_a_pool_with_what_is_due(song):
    found = payments.approve_distribution(distribution_id=drafted(song).pk)
    pool = payments.create_pool(platform_id=song.platform_id, name="Fund")
    payments.set_pool_units(pool_id=pool.pk, creator_id=song.creator_id, units=2)
    payments.add_to_pool(pool_id=pool.pk, amount="0.50")
    api = Api.as_worker(song.creator.worker)

    (share,) = api.get("me/distributions").json()["items"]
    (held,) = api.get("me/pools").json()["items"]

    assert (share["amount"], share["weight"], share["status"]) == ("10.000000", "4", found.status)
    assert share["formula"].startswith("weight = your plays")
    assert (held["pool_name"], held["units"], held["due"]) == ("Fund", 2, "0.500000")


def test_a_creator_sees_the_money_of_what_a_rule_has_left_out_and_when_it_is_paid(song):
    now = database_now()
    play(song, times=21, at=now - timedelta(days=2), now=now)
    platforms.find_artificial_use(now=now)
    api = Api.as_worker(song.creator.worker)

    (row,) = api.get("me/royalties/left-out", status="held").json()["items"]

    assert (row["kind"], row["threshold"], row["plays"], row["amount"]) == (
        "listener_hour",
        20,
        5,
        "2.500000",
    )
    assert row["paid_from"] == (now + timedelta(days=30)).isoformat().replace("+00:00", "Z")
    contested = f"me/creators/{song.creator_id}/left-out/{row['id']}/contest"
    assert api.post(contested, {"contest": "It was a concert."}).status_code == 200
    page = member("ann").client.get(
        reverse("admin:platforms_usagefinding_change", args=[song.creator.usage_findings.get().pk])
    )
    assert "2.50 USDC" in page.content.decode()
    with acting_as(ActorType.STAFF, "1"):
        platforms.decide_finding(finding_id=row["id"], is_artificial=True, reason="a robot")
    (row,) = api.get("me/royalties/left-out").json()["items"]
    assert (row["status"], row["reason"], row["paid_from"]) == ("confirmed", "a robot", None)
    assert api.get("me/royalties/left-out", status="held").json()["items"] == []


def test_another_platform_sees_nothing_of_it(song):
    found = drafted(song)
    api = Api.of(PlatformFactory.create(now=database_now()), scopes=scope_names())

    assert api.get("royalties/pays").json()["items"] == []
    assert api.get(f"distributions/{found.pk}").status_code == 404
