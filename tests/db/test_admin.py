"""The staff's pages: all there, read-only, quick, without secrets, and their buttons call the services."""

import re
from html import unescape

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from audit.models import AuditLog, BookCheck
from gigstream import celery_app
from gigstream.adminkit import CappedPaginator
from gigstream.core.clock import database_now
from gigstream.core.money import usdc
from gigstream.jobs.models import JobHeartbeat
from payments import services as payments
from payments.models import (
    Stream,
)
from platforms import services as platforms
from platforms.models import Platform, Task
from platforms.platforms.calculations import hash_key
from platforms.platforms.scopes import scope_names
from tests.support.books import entries_of_task, releases_of
from tests.support.factories import (
    NOW,
    PlatformFactory,
    WorkerFactory,
    assigned,
    balance,
    running_stream,
    seconds,
    started,
)
from tests.support.pages.addresses import listing, page, text_of, whole_page
from tests.support.pages.admin import act, answer, ask
from tests.support.pages.admin import told as words
from tests.support.pages.rounds import MODELS
from tests.support.servers.broker import no_broker
from tests.support.servers.processes import empty_queues
from workers.models import Worker

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_the_menu")]


@pytest.fixture
def root():
    return User.objects.create_superuser("root", "root@example.com", "root")


@pytest.fixture
def client(root):
    client = Client()
    client.force_login(root)
    return client


def found(client, model, term, **query):
    """Return the keys of the rows that the search finds."""
    response = client.get(listing(model, q=term, **query))
    assert response.status_code == 200
    return {row.pk for row in response.context["cl"].result_list}


def begun(**plan):
    """Start a stream that runs for real: actions of staff on it go by the database's clock."""
    return running_stream(now=database_now() - seconds(90), **plan)


def test_every_model_has_its_pages():
    assert [model for model in MODELS if not admin.site.is_registered(model)] == []


def test_a_page_without_permission_to_see_it_stays_shut(client):
    visitor = Client()
    assert visitor.get(listing(Worker)).status_code == 302
    visitor.force_login(User.objects.create_user("nobody", password="x"))
    response = visitor.get(listing(Worker))
    assert response.status_code == 302
    assert response.url.startswith("/admin/login/")


# --- Read-only ----------------------------------------------------------------------------------------------
def test_a_workers_name_can_be_corrected_and_nothing_else(client, root):
    worker = WorkerFactory(full_name="Alice Jonson", email="alice@example.com")
    attempt = {
        "full_name": "Alice Johnson",
        "reason": "a letter was missing",
        "email": "mallory@example.com",
        "status": "suspended",
        "wallet_address": f"0x{99:040x}",
        "reputation_score": "1000",
        "total_earned": "1000000",
    }

    response = client.post(page(worker), attempt)

    assert response.status_code == 302
    after = Worker.objects.get(pk=worker.pk)
    assert after.full_name == "Alice Johnson"
    for name in ("email", "status", "wallet_address", "reputation_score", "total_earned"):
        assert getattr(after, name) == getattr(worker, name)
    line = AuditLog.objects.get(action="worker.edit")
    assert (line.actor_type, line.actor_id, line.resource_id) == ("staff", str(root.pk), str(worker.pk))
    assert line.metadata == {"fields": ["full_name"], "reason": "a letter was missing"}
    assert not LogEntry.objects.exists()


def test_a_platforms_contact_can_be_corrected_but_not_its_fee(client):
    platform = PlatformFactory()
    form = {
        "name": "QuickTask",
        "contact_email": "Pay@Quick.Example",
        "webhook_url": "",
        "fee_bps": "0",
        "reason": "they moved",
    }

    client.post(page(platform), form)

    after = Platform.objects.get(pk=platform.pk)
    assert (after.name, after.contact_email, after.fee_bps) == ("QuickTask", "pay@quick.example", 200)
    line = AuditLog.objects.get(action="platform.edit")
    assert line.metadata == {"fields": ["name", "contact_email"], "reason": "they moved"}


def test_a_profile_saved_unchanged_leaves_no_line_in_the_log(client):
    worker = WorkerFactory()
    client.post(page(worker), {"full_name": worker.full_name})
    assert not AuditLog.objects.filter(action="worker.edit").exists()


def test_a_deleted_worker_cannot_get_their_name_back(client):
    worker = WorkerFactory()
    Worker.objects.filter(pk=worker.pk).update(deleted_at=NOW, full_name="Deleted worker")
    assert client.post(page(worker), {"full_name": "Alice"}).status_code == 403
    assert Worker.objects.get(pk=worker.pk).full_name == "Deleted worker"


# --- Finding ------------------------------------------------------------------------------------------------
def test_workers_are_found_by_id_email_wallet_and_name(client):
    alice = WorkerFactory(full_name="Alice Johnson", email="alice@example.com")
    WorkerFactory(full_name="Bob Smith", email="bob@example.com")
    terms = [str(alice.pk), "alice@example.com", "ALICE@", alice.wallet_address.upper(), "ce john"]
    assert [found(client, Worker, term) for term in terms] == [{alice.pk}] * len(terms)
    assert found(client, Worker, "carol") == set()


def test_tasks_are_found_by_their_own_and_their_parties_ids(client):
    worker, platform = WorkerFactory(), PlatformFactory(funds="100")
    task = assigned(worker, platform=platform, external_task_id="EXT-7", title="Paint the fence")
    assigned(external_task_id="EXT-8", title="Mow the lawn")
    for term in (task.pk, worker.pk, platform.pk, worker.email, "EXT-7", "the fence"):
        assert found(client, Task, term) == {task.pk}, term


def test_the_log_is_found_by_resource_actor_and_action(client):
    worker, other = WorkerFactory(), WorkerFactory()
    about = set(AuditLog.objects.filter(resource_id=worker.pk).values_list("pk", flat=True))
    assert found(client, AuditLog, worker.pk) == about
    assert found(client, AuditLog, "", resource=f"worker:{worker.pk}") == about
    both = AuditLog.objects.filter(resource_id__in=[worker.pk, other.pk], action="worker.register")
    assert found(client, AuditLog, "worker.register") == set(both.values_list("pk", flat=True))


def test_counting_stops_at_a_bound(monkeypatch, client):
    monkeypatch.setattr(CappedPaginator, "most", 2)
    for _ in range(3):
        WorkerFactory()
    assert "2 or more workers" in " ".join(text_of(client.get(listing(Worker))).split())


# --- Following the story ------------------------------------------------------------------------------------
def test_a_tasks_page_tells_its_whole_story(client):
    stream = begun()
    payments.claim_stream(stream_id=stream.pk)
    html = whole_page(client, stream.task)
    assert page(stream) in html
    assert page(stream.worker) in html
    assert page(stream.platform) in html
    hold = entries_of_task(stream.task).get(kind="hold")
    assert page(hold) in html
    assert "Task started" in html
    release = releases_of(stream).get()
    assert page(release) in whole_page(client, stream)


def test_the_first_page_tells_whether_all_is_well(client):
    begun()
    JobHeartbeat.objects.create(name="submit_payouts", every_seconds=10, last_started_at=NOW, last_error="no")
    BookCheck.objects.create(checked_at=NOW, name="sums", words="Sums", violations=2, milliseconds=1)
    text = " ".join(text_of(client.get(reverse("admin:index"))).split())
    assert "1 of 1 broken" in text
    assert "Streams running 1" in text
    assert re.search("submit_payouts every 10 s, started .* ago: no failed", text)
    assert "seal_audit_log every 60 s never" in text


# --- Actions ------------------------------------------------------------------------------------------------
def test_streams_are_paused_and_resumed_by_their_services(client, root):
    stream = begun()

    assert words(act(client, "pause", stream)) == ["1 stream paused."]
    assert Stream.objects.get(pk=stream.pk).status == "paused"
    line = AuditLog.objects.get(action="stream.pause")
    assert (line.actor_type, line.actor_id) == ("staff", str(root.pk))
    assert line.metadata == {"reason": "as agreed"}

    assert words(act(client, "resume", stream)) == ["1 stream resumed."]
    assert Stream.objects.get(pk=stream.pk).status == "active"


def test_a_refusal_is_shown_per_row_and_the_others_go_on(client):
    paused, running = begun(), begun()
    payments.pause_stream(stream_id=paused.pk)

    response = act(client, "pause", paused, running, reason="a fraud is looked into")
    messages = words(response)
    # The row that was refused is shown again, with the reason.
    assert [row["pk"] for row in response.context["rows"]] == [paused.pk]
    assert "it may become active" in text_of(response)

    assert messages[0] == "1 stream paused."
    assert messages[1].startswith(f"stream {paused.reference} of {paused.task}: ")
    assert "is paused: it may become active" in messages[1]
    assert Stream.objects.filter(status="paused").count() == 2
    assert AuditLog.objects.filter(action="stream.pause", success=False, actor_type="staff").count() == 1


def test_workers_and_platforms_are_suspended_and_reinstated(client):
    worker, platform = WorkerFactory(), PlatformFactory()
    act(client, "suspend", worker)
    act(client, "suspend", platform)
    assert Worker.objects.get(pk=worker.pk).status == "suspended"
    assert not Platform.objects.get(pk=platform.pk).is_active
    act(client, "reinstate", worker)
    act(client, "reinstate", platform)
    assert Worker.objects.get(pk=worker.pk).status == "active"
    assert Platform.objects.get(pk=platform.pk).is_active
    acts = AuditLog.objects.filter(actor_type="staff").order_by("id").values_list("action", flat=True)
    assert list(acts) == ["worker.suspend", "platform.suspend", "worker.reinstate", "platform.reinstate"]


def test_webhooks_are_tested_switched_off_and_on_and_events_replayed(client):
    platform = PlatformFactory()
    assert "has set no webhook" in words(act(client, "test_webhook", platform))[0]
    platforms.set_webhook(platform_id=platform.pk, url="https://hooks.example.com")

    assert words(act(client, "test_webhook", platform)) == ["1 platform tested."]
    event = platform.events.get()
    assert words(act(client, "disable_webhook", platform)) == ["1 platform with its webhook disabled."]
    assert "is off" in words(act(client, "replay", event))[0]
    assert words(act(client, "enable_webhook", platform)) == ["1 platform with its webhook enabled."]
    assert words(act(client, "replay", event)) == ["1 event will be delivered once more."]
    assert platform.deliveries.get().status == "pending"


def test_an_action_is_done_once_for_each_confirmation_with_a_reason_and_shows_what_it_is_about(client):
    streams = [begun(total="100"), begun(total="20.5")]
    for stream in streams:
        payments.pause_stream(stream_id=stream.pk)

    asked = ask(client, "resume", *streams)

    text = " ".join(text_of(asked).split())
    remaining = sum(Stream.objects.values_list("remaining_amount", flat=True))
    assert f"2 streams, {usdc(remaining)} in all" in text
    assert all(page(stream) in asked.content.decode() for stream in streams)
    assert Stream.objects.filter(status="paused").count() == 2
    without = answer(client, asked, reason=" ")
    assert "This field is required" in text_of(without)
    assert Stream.objects.filter(status="paused").count() == 2

    assert words(answer(client, without, reason="it was a mistake")) == ["2 streams resumed."]
    payments.pause_stream(stream_id=streams[0].pk)
    assert "not again" in words(answer(client, without, reason="it was a mistake"))[0]
    assert Stream.objects.get(pk=streams[0].pk).status == "paused"


def test_a_dispute_is_resolved_with_a_split_of_what_is_held(client):
    task = started(amount="40")
    dispute = platforms.dispute_task(task_id=task.pk, severity=2, reason="late")
    asked = ask(client, "resolve", dispute)
    assert "40.00 USDC is still held" in text_of(asked)

    more = answer(client, asked, outcome="worker", worker_amount="40.000001", reason="half done")
    assert "only 40.00 USDC is still held" in text_of(more)
    (done,) = words(answer(client, more, outcome="worker", worker_amount="25", reason="half done"))
    sums = f"25.00 USDC to {task.worker}, 15.30 USDC back to {task.platform}, fees included"
    assert f"Resolved, the worker was right: {sums}" in done

    dispute.refresh_from_db()
    assert (dispute.outcome, dispute.worker_amount, dispute.resolution) == ("worker", 25, "half done")
    assert balance(task.worker, "available") == 25
    assert AuditLog.objects.get(action="task.resolve").metadata["reason"] == "half done"


def test_a_reputation_is_adjusted_and_a_key_is_shown_once(client):
    worker, platform = WorkerFactory(), PlatformFactory()
    assert words(act(client, "adjust_reputation", worker, delta="-25", reason="no show")) == [
        "1 worker adjusted."
    ]
    assert Worker.objects.get(pk=worker.pk).reputation_score == 475
    key, old = platforms.create_api_key(platform_id=platform.pk, name="theirs")

    asked = ask(client, "rotate", key)
    shown = answer(client, asked, reason="it leaked")
    (secret,) = re.findall(r"gs_test_[\w-]+", text_of(shown))

    assert secret != old
    assert shown["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    assert hash_key(secret) == platform.api_keys.latest("pk").secret_hash
    again = answer(client, asked, reason="it leaked")
    assert "not again" in words(again)[0]
    assert secret not in text_of(again)
    assert platform.api_keys.count() == 2


def test_a_key_of_staff_takes_money_out_only_when_that_is_ticked(client):
    platform = PlatformFactory()

    asked = ask(client, "make_key", platform)
    shown = answer(
        client, asked, name="books", scopes=asked.context["form"]["scopes"].initial, reason="they asked"
    )
    answer(
        client,
        ask(client, "make_key", platform),
        name="out",
        scopes=["withdrawals:write"],
        reason="by the contract",
    )

    (secret,) = re.findall(r"gs_test_[\w-]+", text_of(shown))
    ordinary, named = platform.api_keys.order_by("pk")
    assert (ordinary.name, ordinary.secret_hash) == ("books", hash_key(secret))
    assert set(ordinary.scopes) == set(scope_names()) - {"withdrawals:write"}
    assert (named.name, named.scopes) == ("out", ["withdrawals:write"])
    lines = AuditLog.objects.filter(action="api_key.create").order_by("pk")
    assert [line.metadata["reason"] for line in lines] == ["they asked", "by the contract"]


def test_a_button_on_the_page_leads_back_to_it(client):
    stream = begun()
    html = whole_page(client, stream)
    (address,) = re.findall(r'href="([^"]*/act/pause/[^"]*)"', html)
    response = answer(client, client.get(unescape(address)), reason="as agreed")
    assert response.redirect_chain == [(page(stream), 302)]
    assert words(response) == ["1 stream paused."]


def test_who_may_only_look_has_no_actions(root):
    stream = begun()
    viewer = User.objects.create_user("viewer", password="x", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(viewer)

    html = whole_page(client, stream)
    act(client, "pause", stream)

    assert "/act/pause/" not in html
    assert "Pause: needs somebody of operations." in html
    assert Stream.objects.get(pk=stream.pk).status == "active"
    worker = WorkerFactory(full_name="Alice")
    assert client.post(page(worker), {"full_name": "Mallory"}).status_code == 403


def test_a_job_that_is_asked_for_has_its_bell_rung_and_runs_elsewhere(client, root):
    job = JobHeartbeat.objects.create(name="seal_audit_log", every_seconds=60)
    gone = JobHeartbeat.objects.create(name="no_longer_there", every_seconds=60)
    empty_queues()

    messages = words(act(client, "run_now", job, gone))

    assert messages == [
        "seal_audit_log is queued: a worker takes it up next.",
        "no_longer_there: no job 'no_longer_there' is scheduled",
    ]
    with celery_app.connection_for_read() as broker:
        heard = broker.default_channel.basic_get("default", no_ack=True)
    assert heard.headers["task"] == "seal_audit_log"
    assert JobHeartbeat.objects.get(pk=job.pk).runs == 0
    line = AuditLog.objects.get(action="job.enqueue", success=True)
    assert (line.actor_type, line.actor_id, line.resource_id) == ("staff", str(root.pk), "seal_audit_log")
    with no_broker():
        assert words(act(client, "run_now", job)) == [
            "The broker does not answer: seal_audit_log runs in its turn."
        ]


def test_a_payouts_page_lists_the_earnings_that_it_covers(client):
    worker = WorkerFactory()
    for amount in ("10", "7"):
        platforms.complete_task(task_id=started(worker, amount=amount).pk, now=NOW)
    payout = payments.cash_out(worker_id=worker.pk, amount="12", now=NOW)

    shown = client.get(page(payout)).content.decode()

    assert "10.00 USDC of" in shown
    assert "2.00 USDC of" in shown
