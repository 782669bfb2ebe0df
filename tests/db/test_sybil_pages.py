"""Pages of staff about linked accounts: the picture of a cluster, the tables beside it, what is decided."""

import re
from html import unescape

import pytest

from gigstream.adminkit import admin_url, list_url
from gigstream.core.clock import database_now
from reputation.models import Clearing, Cluster, ClusterMember, QuestEvent, WorkerTie
from reputation.quests import services as quests
from reputation.sybils import services as sybils
from reputation.sybils.enums import TieKind
from reputation.sybils.services import Tie
from tests.support.factories import NOW, WorkerFactory
from tests.support.pages.addresses import whole_page
from tests.support.pages.admin import act, member
from tests.support.quests import claim, event_of, open_quest

pytestmark = pytest.mark.django_db


@pytest.fixture
def cluster():
    """Return a cluster of three: two share device and network, the third a social account with one."""
    first, second, third = sorted((WorkerFactory() for _ in range(3)), key=lambda worker: worker.pk)
    ties = [Tie(one.pk, kind, "x") for one in (first, second) for kind in (TieKind.DEVICE, TieKind.NETWORK)]
    ties += [Tie(one.pk, TieKind.SOCIAL, "y") for one in (second, third)]
    ties += [Tie(one.pk, TieKind.NETWORK, "z") for one in (first, third)]
    sybils.note_ties(ties, now=NOW)
    sybils.find_clusters(now=NOW)
    return Cluster.objects.get()


def page_of(row, client=None):
    return unescape(whole_page(client or member("root").client, row))


def test_a_cluster_is_drawn_with_its_accounts_as_links_and_its_ties_as_lines(cluster):
    page = page_of(cluster)

    drawn = page.partition('<svg viewBox="0 0 1000 1000"')[2].partition("</svg>")[0]
    accounts = [member.worker for member in ClusterMember.objects.order_by("worker").select_related("worker")]
    assert re.findall(r'<a href="([^"]+)" aria-label="account \d"', drawn) == list(map(admin_url, accounts))
    assert re.findall(r'<line class="edge-(\w+)"[^>]*><title>([^<]*)</title>', drawn) == [
        ("done", "social account: 1"),
        ("done", "device, network address: 0.8"),
        ("planned", "network address: 0.2"),
    ]
    assert "factor on points 0.5" in page


def test_the_tables_say_the_same_in_words(cluster):
    page = page_of(cluster)

    shared = page.partition("What they share</h2>")[2].partition("</section>")[0]
    cells = [cell.strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", shared, re.S)]
    assert cells == [
        *("2 and 3", "social account", "1"),
        *("1 and 2", "device, network address", "0.8"),
        *("1 and 3", "network address", "0.2"),
    ]


def test_held_rewards_stand_on_the_page_of_the_cluster_and_are_decided_on_their_own(cluster):
    worker = ClusterMember.objects.order_by("worker").first().worker
    event = event_of(claim(open_quest(), worker))
    client = member("root").client

    assert "seem to be of one person" in page_of(cluster, client)
    own = page_of(event, client)
    assert admin_url(cluster) in own
    assert '"accounts": 3' in own or "'accounts': 3" in own
    act(client, "keep", event, reason="one passport")
    assert event_of(quests.FactResult(event.pk, "")).status == "rejected"


def test_staff_find_different_people_on_the_page(cluster):
    client = member("root").client

    act(client, "clear", cluster, reason="three sisters")

    assert Clearing.objects.count() == 3
    assert "among 3: three sisters" in page_of(cluster, client)
    act(client, "end_clearing", cluster, reason="one passport")
    assert not Clearing.objects.exists()


@pytest.mark.parametrize("model", [Cluster, ClusterMember, WorkerTie, Clearing], ids=lambda one: one.__name__)
def test_lists_and_rows_open_and_show_no_hash(cluster, model):
    client = member("root").client
    act(client, "clear", cluster, reason="three sisters")
    hashes = WorkerTie.objects.values_list("key_hash", flat=True)

    for page in (
        client.get(list_url(model)),
        *(client.get(admin_url(row)) for row in model.objects.all()[:3]),
    ):
        assert page.status_code == 200
        assert not any(text in page.content.decode() for text in hashes)


def test_the_page_of_a_quest_draws_its_budget_and_its_hours(settings):
    settings.QUEST_OUTFLOW_OF_AN_HOUR = "15"
    now = database_now()
    quest = open_quest(now=now)
    for _ in range(2):
        claim(quest, WorkerFactory(now=now), now=now)
    assert QuestEvent.objects.filter(status="granted").count() == 2

    page = page_of(quest)

    assert re.findall(r'<rect class="part-(\w+)" x="(\d+)" y="0" width="(\d+)"', page) == [
        ("granted", "0", "200"),
        ("reserved", "200", "0"),
        ("free", "200", "800"),
    ]
    assert "10.00 USDC in the fullest hour, the limit is 15.00 USDC" in page
    assert 'class="line-planned"' in page
