"""Queues of work: waiting items are in them, a claim is exclusive, and decided items leave."""

import re
from datetime import timedelta
from html import unescape
from io import StringIO

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.claims import services as claims
from audit.models import Approval, Claim
from gigstream.adminkit import admin_url, list_url
from gigstream.console.queues import BY_SLUG, QUEUES, drop_stale_claims
from gigstream.core.clock import database_now
from loans.applications import services as loans
from payments.models import ChainOperation, Discrepancy, SettlementAttempt, Stream, Transaction
from platforms import services as platforms
from platforms.models import Dispute, WebhookDelivery, WebhookEndpoint
from reputation.models import QuestEvent, Submission
from tests.support.database.valid_rows import columns_of, in_status, insert, valid
from tests.support.decisions import resolve_dispute
from tests.support.factories import NOW, WorkerFactory, started
from tests.support.pages.admin import act, form_of, page_of_act

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_the_menu")]
SECOND = timedelta(seconds=1)
ENDED = {"next_attempt_at": None}


@pytest.fixture
def alice():
    return User.objects.create_superuser(
        "alice", "alice@example.com", "x", first_name="Alice", last_name="Reed"
    )


@pytest.fixture
def bob():
    return User.objects.create_superuser("bob", "bob@example.com", "x")


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def page(slug, **query):
    return reverse("console:queue", args=[slug], query=query)


def shown(client, slug, **query):
    response = client.get(page(slug, **query))
    assert response.status_code == 200
    return [line["pk"] for line in response.context["rows"]]


def claim(client, slug, row, **form):
    """Press the button; return the message of the page."""
    url = reverse("console:claim", args=[slug])
    response = client.post(url, {"id": row.pk, "do": "claim", **form}, follow=True)
    return [str(message) for message in response.context["messages"]]


def holder(row):
    found = claims.open_claims(row._meta.model_name).get(str(row.pk))
    return found and found.claimed_by


def dispute(number=0):
    task = started(now=NOW)
    return platforms.dispute_task(
        task_id=task.pk, severity=2, reason="not as agreed", now=NOW + number * SECOND
    )


def test_each_queue_holds_what_waits_and_nothing_else():
    now = database_now()
    open_dispute = dispute()
    settled = dispute()
    resolve_dispute(task_id=settled.task_id, outcome="worker", worker_amount="10")
    asked = loans.request_loan(worker_id=WorkerFactory().pk, amount="20", fee_bps=200, now=NOW)
    decided = loans.request_loan(worker_id=WorkerFactory().pk, amount="20", fee_bps=200, now=NOW)
    loans.reject_loan(loan_id=decided.pk, reason="no")
    parked = insert(valid(Transaction, next_attempt_at=None))
    insert(valid(Transaction, next_attempt_at=now))
    unknown = insert(valid(Transaction, next_attempt_at=now))
    call = {"number": 1, "service": "sandbox", "operation": "transfer"}
    ended = {"started_at": now - 9 * SECOND, "ended_at": now, "milliseconds": 1}
    SettlementAttempt.objects.create(transaction=unknown, error_class="unknown_outcome", **call, **ended)
    unanswered = insert(valid(Transaction, next_attempt_at=now))
    long_ago = now - timedelta(minutes=5)
    SettlementAttempt.objects.create(transaction=unanswered, started_at=long_ago, **call)
    stuck = insert(valid(Stream, next_release_at=None, parked_at=now))
    insert(valid(Stream))
    differs = insert(valid(Discrepancy, transaction=None, resolved_at=None))
    insert(valid(Discrepancy, transaction=None, resolved_at=now))
    off = insert(valid(WebhookEndpoint, disabled_at=now))
    insert(valid(WebhookEndpoint, disabled_at=None))
    dead = insert(valid(WebhookDelivery, **ENDED, status="dead", error="timeout", ended_at=now))
    insert(valid(WebhookDelivery, **ENDED, status="dead", error="disabled", ended_at=now))
    insert(valid(WebhookDelivery, **ENDED, status="dead", error="timeout", ended_at=now - timedelta(days=8)))
    insert(valid(WebhookDelivery, **ENDED, status="delivered", ended_at=now))

    given_up = insert(valid(ChainOperation, **columns_of(ChainOperation, "dead") | {"ended_at": now}))
    unseen = insert(in_status(Submission, "pending"))
    insert(valid(Submission))

    held = insert(in_status(QuestEvent, "held"))
    received = columns_of(QuestEvent, "received") | {"waits_until": now}
    deferred = insert(valid(QuestEvent, **received, code="grant_failed"))
    insert(valid(QuestEvent, **received, code="quest_outflow_reached"))
    insert(in_status(QuestEvent, "received"))
    insert(valid(QuestEvent))

    waits = insert(valid(Approval))
    decided = {"decided_by": "staff:2", "decided_at": NOW, "decision_reason": "no"}
    insert(valid(Approval, decision="refused", expires_at=now, requested_at=NOW, **decided))

    gone_wrong = columns_of(Transaction, "failed") | {"created_at": now}
    failed, made_good = (insert(valid(Transaction, **gone_wrong)) for _ in range(2))
    insert(valid(Transaction, **gone_wrong | {"created_at": now - timedelta(days=15)}))
    paid = columns_of(Transaction, "confirmed") | {"created_at": now + SECOND}
    insert(valid(Transaction, **paid, worker=made_good.worker))

    assert {queue.slug: set(queue.rows(now).values_list("pk", flat=True)) for queue in QUEUES} == {
        "approvals": {waits.pk},
        "disputes": {open_dispute.pk},
        "loans": {asked.pk},
        "payouts": {parked.pk, unknown.pk, unanswered.pk},
        "failed": {failed.pk},
        "streams": {stuck.pk},
        "operations": {given_up.pk},
        "discrepancies": {differs.pk},
        "webhooks": {off.pk},
        "deliveries": {dead.pk},
        "submissions": {unseen.pk},
        "rewards": {held.pk, deferred.pk},
    }


def test_what_another_has_claimed_is_refused_by_name_and_taken_over_with_a_reason(alice, bob):
    row = dispute()
    by_alice, by_bob = signed_in(alice), signed_in(bob)

    assert claim(by_alice, "disputes", row) == [f"You have taken {row}."]
    assert claim(by_bob, "disputes", row) == [f"{row} is taken by Alice Reed; give a reason to take it over."]
    assert claim(by_bob, "disputes", row, do="release") == [
        f"{row} is taken by Alice Reed; give a reason to take it over."
    ]
    assert holder(row) == str(alice.pk)
    assert "Alice Reed" in by_bob.get(page("disputes")).content.decode()

    assert claim(by_bob, "disputes", row, reason="Alice is on leave") == [f"You have taken {row}."]
    assert holder(row) == str(bob.pk)
    assert Claim.objects.get(ended_at=None).reason == "Alice is on leave"
    assert claim(by_bob, "disputes", row, do="release") == [f"{row} is free again."]
    assert holder(row) is None


def test_the_oldest_come_first_and_are_sorted_out_by_whose_they_are(alice, bob):
    third, first, second = dispute(3), dispute(1), dispute(2)
    by_alice = signed_in(alice)
    claim(by_alice, "disputes", second)
    claim(signed_in(bob), "disputes", third)

    assert shown(by_alice, "disputes") == [first.pk, second.pk, third.pk]
    assert shown(by_alice, "disputes", whose="mine") == [second.pk]
    assert shown(by_alice, "disputes", whose="nobody") == [first.pk]


def test_a_claim_is_dropped_when_its_thing_leaves_the_queue(alice):
    stays, goes = dispute(1), dispute(2)
    client = signed_in(alice)
    for row in (stays, goes):
        claim(client, "disputes", row)
    resolve_dispute(task_id=goes.task_id, outcome="worker", worker_amount="10")

    assert drop_stale_claims(now=database_now()) == 1
    assert (holder(stays), holder(goes)) == (str(alice.pk), None)
    ended = Claim.objects.get(subject_id=str(goes.pk))
    assert (ended.ended_by, ended.claimed_by) == ("", str(alice.pk))
    assert claim(client, "disputes", goes) == ["The item does not wait in this queue any more."]
    assert claim(client, "deliveries", stays) == ["The item does not wait in this queue any more."]


def link_to_act(client, slug, action):
    """Return the address that the queue's button for the action leads to."""
    html = client.get(page(slug, whose="nobody")).content.decode()
    return unescape(re.search(rf'href="([^"]*/act/{action}/[^"]*)"', html)[1])


def test_the_buttons_of_a_things_own_page_are_in_place_and_lead_back_to_the_queue(alice):
    webhook = insert(valid(WebhookEndpoint))
    platforms.set_webhook(platform_id=webhook.platform_id, url="https://hooks.example.com")
    platforms.disable_webhook(platform_id=webhook.platform_id, reason="test")
    parked = insert(valid(Transaction, next_attempt_at=None))
    differs = insert(valid(Discrepancy, transaction=parked, resolved_at=None))
    client = signed_in(alice)

    stuck = insert(valid(Stream, next_release_at=None, parked_at=NOW))
    pressed = (
        ("payouts", parked, "offer_again"),
        ("webhooks", webhook, "enable_webhook"),
        ("streams", stuck, "take_up_again"),
    )
    for slug, row, button in (*pressed, ("discrepancies", differs, "explain")):
        asks = client.get(link_to_act(client, slug, button))
        # The button of a webhook is an action on its platform.
        (subject,) = asks.context["rows"]
        assert subject["pk"] == (row.platform_id if row is webhook else row.pk)
        given = {**form_of(asks), "reason": "seen on the chain", "resolved": "on"}
        done = client.post(asks.context["to"], given)
        assert (done.status_code, done.url) == (302, page(slug, whose="nobody"))
        assert row.pk not in shown(client, slug)
    differs.refresh_from_db()
    ended = Claim.objects.get(subject_id=str(differs.pk), ended_at__isnull=False)
    assert (ended.claimed_by, ended.ended_by, differs.note) == (str(alice.pk),) * 2 + ("seen on the chain",)


def test_who_explains_a_discrepancy_has_claimed_it_and_the_lists_name_them(alice, bob):
    row = insert(valid(Discrepancy, transaction=None, resolved_at=None))
    claim(signed_in(alice), "discrepancies", row)

    act(signed_in(bob), "explain", row, reason="the node was behind")

    assert holder(row) == str(bob.pk)
    assert Claim.objects.get(ended_at=None).reason == "the node was behind"
    listed = signed_in(alice).get(list_url(Discrepancy)).content.decode()
    assert f'<a href="{admin_url(bob)}"><bdi>bob</bdi></a>' in listed
    told = StringIO()
    with pytest.raises(CommandError, match="1 open discrepancies"):
        call_command("reconcile_settlements", stdout=told)
    assert f"staff {bob.pk}" in told.getvalue()


def test_a_button_leads_to_no_page_of_another_site(alice):
    parked = insert(valid(Transaction, next_attempt_at=None))
    client = signed_in(alice)
    for elsewhere in ("https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"):
        asks = client.get(page_of_act("look_for", parked, back=elsewhere))
        assert asks.context["back"] == admin_url(parked)
        assert f'href="{elsewhere}' not in asks.content.decode()
    assert Transaction.objects.get(pk=parked.pk).next_attempt_at is None


def test_who_may_only_look_claims_nothing_and_who_may_not_look_sees_nothing(alice):
    row = dispute()
    viewer = User.objects.create_user("viewer", password="x", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_dispute"))
    client = signed_in(viewer)

    html = client.get(page("disputes")).content.decode()

    assert reverse("console:claim", args=["disputes"]) not in html
    assert client.post(reverse("console:claim", args=["disputes"]), {"id": row.pk}).status_code == 403
    assert client.get(page("loans")).status_code == 403
    assert page("loans") not in html
    assert signed_in(alice).get(page("nothing")).status_code == 404
    assert Client().get(page("disputes")).url.startswith("/admin/login/")
    assert signed_in(alice).get(reverse("console:claim", args=["disputes"])).status_code == 405
    assert not Claim.objects.exists()


@pytest.mark.long_form
def test_a_queue_costs_as_many_statements_for_twelve_as_for_two(alice):
    client = signed_in(alice)

    def statements(slug):
        with CaptureQueriesContext(connection) as captured:
            shown(client, slug)
        return len(captured)

    def one_more(number):
        claim(client, "disputes", dispute(number))
        insert(valid(Transaction, next_attempt_at=None))
        insert(valid(Discrepancy, transaction=None, resolved_at=None))
        insert(valid(WebhookEndpoint, disabled_at=NOW))
        insert(valid(WebhookDelivery, **ENDED, status="dead", error="timeout", ended_at=database_now()))
        loans.request_loan(worker_id=WorkerFactory().pk, amount="20", fee_bps=200, now=NOW)

    for number in range(2):
        one_more(number)
    before = {slug: statements(slug) for slug in BY_SLUG}
    for number in range(2, 12):
        one_more(number)

    assert {slug: statements(slug) for slug in BY_SLUG} == before
    # A card shows the context of its decision: some statements more than a list, and no more for more cards.
    assert max(before.values()) <= 15
    assert "12 waiting in all" in unescape(client.get(page("disputes")).content.decode())
    assert Dispute.objects.count() == 12


@pytest.mark.parametrize(
    ("days", "mark"), [(2.99, ""), (3, "late"), (6.99, "late"), (7, "overdue"), (40, "overdue")]
)
def test_a_dispute_is_marked_from_three_days_on_and_overdue_from_seven(alice, days, mark):
    filed = database_now() - timedelta(days=days)
    waits = platforms.dispute_task(task_id=started(now=filed).pk, severity=2, reason="late", now=filed)

    queue = signed_in(alice).get(page("disputes"))
    first_page = signed_in(alice).get(reverse("admin:index"))

    (row,) = queue.context["rows"]
    assert (row["pk"], row["mark"]) == (waits.pk, mark)
    (on_dashboard,) = [one for one in first_page.context["queues"] if one["title"] == "Disputes"]
    assert on_dashboard["mark"] == mark
    badge = f'<span class="badge badge-{mark}">{mark}</span>'
    for response in (queue, first_page):
        assert (badge in response.content.decode()) == bool(mark)
