"""Search: a single box finds a row by any of its names, for those who may see it, without walking through
a table."""

import json

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.log.context import Actor, acting
from audit.log.enums import ActorType
from gigstream.adminkit import admin_url, list_url
from gigstream.api.models import AnsweredRequest
from gigstream.console.search import exact, find_kinds
from payments import services as payments
from payments.models import Transaction
from platforms.models import ApiKey, Platform, PlatformEvent
from reputation.models import ReputationEvent
from tests.support.books import entries_of_task, releases_of
from tests.support.factories import (
    NOW,
    PlatformFactory,
    WorkerFactory,
    running_stream,
    seconds,
    settle,
    started,
)
from tests.support.long_forms import spread

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_the_menu")]


@pytest.fixture
def story():
    """A worker who was paid from a stream."""
    stream = running_stream(WorkerFactory(full_name="Alice"), platform=PlatformFactory(funds="1000"))
    payments.claim_stream(stream_id=stream.pk, now=NOW + seconds(90))
    payments.cash_out(worker_id=stream.worker.pk, now=NOW + seconds(91))
    settle(NOW + seconds(92))
    return stream


@pytest.fixture
def client():
    client = Client()
    client.force_login(User.objects.create_superuser("root", "root@example.com", "root"))
    return client


def ask(client, term, **more):
    return client.get(reverse("admin:search"), {"q": term, **more})


def test_whatever_names_one_row_leads_to_its_page(client, story):
    worker, platform, task = story.worker, story.platform, story.task
    payout = Transaction.objects.get(type="payout")
    release = releases_of(story).first()
    hold = entries_of_task(task).get(kind="hold")
    key = ApiKey.objects.filter(platform=platform).first() or ApiKey.objects.first()
    other = started(external_task_id="EXT-7")
    named = [
        (worker.pk, worker),
        (f"  {worker.pk}\n", worker),
        (str(worker.pk).upper(), worker),
        (worker.email.upper(), worker),
        (worker.wallet_address.upper(), worker),
        (platform.pk, platform),
        (platform.name, platform),
        (platform.contact_email, platform),
        (task.pk, task),
        ("EXT-7", other),
        (story.pk, story),
        (payout.pk, payout),
        (payout.tx_hash, payout),
        (payout.circle_tx_id, payout),
        (payout.idempotency_key, payout),
        (hold.idempotency_key, hold),
        (f"stream:{story.pk}:{release.sequence}", release),
    ]
    if key:
        named += [(f"gs_test_{key.prefix}", key), (f"gs_live_{key.prefix}_restofthekey", key)]
    for term, row in named:
        assert ask(client, term).get("Location") == admin_url(row), term


def test_more_than_one_row_is_a_list_with_the_kind_of_each(client, story):
    worker, platform = story.worker, story.platform
    Platform.objects.filter(pk=platform.pk).update(wallet_address=worker.wallet_address)
    page = ask(client, worker.wallet_address)
    found = {(one.kind, one.url) for one in page.context["found"]}
    assert found == {("Worker", admin_url(worker)), ("Platform", admin_url(platform))}
    assert f'href="{admin_url(platform)}"' in page.content.decode()


@pytest.mark.parametrize(
    "term",
    spread(
        ["", " ", "nobody", "'", "%", "0x", "9" * 30, "²", "@", "gs_live_", "a" * 5000, "stream:x:1"],
        of="searched terms",
        one_in=4,
    ),
)
def test_any_term_is_answered(client, term):
    for name in "qs":
        answer = client.get(reverse("admin:search"), {name: term})
        assert answer.status_code == 200
    assert ask(client, term).context["found"] == []


@pytest.mark.parametrize("name", ["q", "s"])
def test_a_term_with_a_null_character_is_refused(client, name):
    assert client.get(reverse("admin:search"), {name: "\x00"}).status_code == 400


def test_only_what_may_be_seen_is_found(story):
    clerk = User.objects.create_user("clerk", password="x", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename="view_stream"))
    client = Client()
    client.force_login(clerk)
    assert ask(client, story.pk).get("Location") == admin_url(story)
    assert ask(client, story.worker.pk).context["found"] == []
    # The worker is not found, but what the list of streams finds by their email.
    assert ask(client, story.worker.email).get("Location") == admin_url(story)
    assert ask(Client(), story.pk)["Location"].startswith("/admin/login/")


def test_the_box_of_the_keyboard_finds_rows_and_pages(client, story):
    url = reverse("admin:search")
    lines = client.get(url, {"s": story.worker.email, "extended": "1"}).content.decode()
    assert f'href="{admin_url(story.worker)}"' in lines
    lines = client.get(url, {"s": "webhook", "extended": "1"}).content.decode()
    assert 'href="/admin/platforms/webhookendpoint/"' in lines


def test_the_events_of_a_request_are_found_by_its_id(client):
    with acting(Actor(ActorType.SYSTEM, "x", request_id="a-request")):
        started()
    told = {admin_url(one) for one in PlatformEvent.objects.filter(request_id="a-request")}
    assert len(told) > 1
    assert {one.url for one in ask(client, "a-request").context["found"]} == told
    with CaptureQueriesContext(connection) as captured:
        listed = client.get(list_url(PlatformEvent, q="a-request")).context["cl"]
    assert {admin_url(one) for one in listed.result_list} == told
    assert walked(next(one["sql"] for one in captured if "COUNT(*)" in one["sql"])) == set()


def test_a_request_is_found_by_its_key_among_the_newest(client, monkeypatch):
    rows = [
        AnsweredRequest(
            caller="platform:1", method="POST", path=f"/{key}", key=key, request_hash="f", status=201
        )
        for key in ("first-key", "last-key")
    ]
    AnsweredRequest.objects.bulk_create(rows)
    assert ask(client, "first-key")["Location"] == admin_url(rows[0])
    monkeypatch.setattr(exact, "NEWEST_ANSWERS", 1)
    assert ask(client, "first-key").context["found"] == []


def test_a_search_is_few_statements_and_walks_through_no_table(client, story):
    """Where an index will do, the plan uses it; only the few platforms and the newest answers are walked."""
    event = ReputationEvent.objects.first()
    terms = [
        story.pk,
        story.worker.email,
        "0x" + "1" * 40,
        "a-key",
        event.source_key if event else "x",
        str(story.pk)[:13],
        "288.20",
        "TA-7K3M2Q",
        "Wilson David",
    ]
    for term in terms:
        with CaptureQueriesContext(connection) as captured:
            found = find_kinds(as_reader(User.objects.get()), str(term))
        # The platforms, whole keys, related rows and those of them, parts; and the rows of each kind.
        assert len(captured) <= 5 + len(found), term
        few = ("platforms", "answered_requests", "approvals", "quests")
        for query in captured[1:]:
            if query["sql"].startswith("SELECT") or query["sql"].startswith("("):
                found = {name for name in walked(query["sql"]) if not name.startswith(few)}
                assert found == set(), (term, query["sql"])


def as_reader(user):
    """Return a request by this member of staff."""
    request = RequestFactory().get(reverse("admin:search"))
    request.user = user
    return request


def walked(sql):
    """Return the tables that the statement walks through when an index would do. Scans along an index are
    left out: in small tables the planner takes them or not by how many rows other tests have left."""
    ways = ("seqscan", "indexscan", "indexonlyscan", "hashjoin", "mergejoin")
    with connection.cursor() as cursor:
        for way in ways:
            cursor.execute(f"set local enable_{way} = off")
        cursor.execute("explain (format json) " + sql)
        plan = cursor.fetchone()[0]
        for way in ways:
            cursor.execute(f"set local enable_{way} = on")
    return set(scans(json.loads(plan) if isinstance(plan, str) else plan)) - of_one_row()


def of_one_row():
    """Return the tables that the planner believes to hold a single row: any plan walks through them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= 0"
            " AND reltuples * pg_relation_size(oid) / 8192 < 1.5 * greatest(relpages, 1)"
        )
        return {name for (name,) in cursor.fetchall()}


def scans(node):
    if isinstance(node, list):
        for one in node:
            yield from scans(one)
    elif isinstance(node, dict):
        if node.get("Node Type") == "Seq Scan":
            yield node["Relation Name"]
        if "Index Scan" in node.get("Node Type", "") and "Index Cond" not in node:
            yield node.get("Relation Name", node.get("Index Name"))
        for value in node.values():
            yield from scans(value)
