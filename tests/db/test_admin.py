"""The staff's pages: all there, read-only, quick, without secrets, and their buttons call the services."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit import answers, claims
from audit.answers import Asked
from audit.models import (
    Approval,
    AuditLog,
    AuditSeal,
    BookCheck,
    DatabaseIdentity,
    JobHeartbeat,
)
from gigstream import celery_app
from gigstream.console import middleware
from gigstream.lib.admin import CappedPaginator, ProfileAdmin
from gigstream.lib.clock import database_now
from gigstream.lib.ids import new_id
from gigstream.lib.money import usdc
from loans import services as loans
from payments import services as payments
from payments.models import (
    Account,
    ChainCursor,
    LedgerEntry,
    ObservedTransfer,
    PaymentSwitch,
    ProviderBreaker,
    ProviderNotification,
    Reconciliation,
    ReconciliationBreak,
    SandboxFault,
    SettlementAttempt,
    Stream,
    Transaction,
    WalletOrder,
)
from payments.provider.sandbox import SandboxProvider
from payments.services import accounts
from platforms import services as platforms
from platforms.enums import ApiScope
from platforms.models import Invitation, Platform, Task
from platforms.services import MilestonePlan, WorkReport, deliveries
from platforms.services.parties import hash_key
from reputation.models import ReputationEvent
from reputation.services import adjust_reputation
from tests.broker import no_broker
from tests.db.rows import insert, valid
from tests.factories import (
    NOW,
    PlatformFactory,
    WorkerFactory,
    approve_by_staff,
    assigned,
    balance,
    running_stream,
    seconds,
    settle,
    started,
)
from tests.processes import empty_queues
from tests.staff import act, answer, ask
from tests.staff import told as words
from workers import services as workers
from workers.models import PasswordReset, RefreshToken, SignInAttempts, WalletNonce, Worker
from workers.services import guessing
from workers.tokens import SignedMessage

APPS = ("audit", "workers", "platforms", "payments", "reputation", "loans")
# What the database is has one row and no list: every page shows it.
MODELS = [
    model for app in APPS for model in apps.get_app_config(app).get_models() if model is not DatabaseIdentity
]
PASSWORD = "a long password of the worker"
WALLET_ID = "custody-wallet-of-the-test"
WEBHOOK_SECRET = "whsec-of-the-test"

pytestmark = pytest.mark.django_db


@pytest.fixture
def root():
    return User.objects.create_superuser("root", "root@example.com", "root")


@pytest.fixture
def client(root):
    client = Client()
    client.force_login(root)
    return client


def page(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[quote(str(row.pk))])


def listing(model, **query):
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{path}?{urlencode(query)}"


def found(client, model, term, **query):
    """The keys of the rows that the search finds."""
    response = client.get(listing(model, q=term, **query))
    assert response.status_code == 200
    return {row.pk for row in response.context["cl"].result_list}


def text_of(response):
    return unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))


SETTLEMENT = (
    ChainCursor,
    ObservedTransfer,
    PaymentSwitch,
    ProviderBreaker,
    ProviderNotification,
    Reconciliation,
    ReconciliationBreak,
    SettlementAttempt,
    WalletOrder,
)


def a_round(number):
    """At least one more row of every model."""
    now = NOW + timedelta(days=number)
    worker = WorkerFactory(password=PASSWORD, wallet_id=WALLET_ID, now=now)
    platform = PlatformFactory(funds="1000", wallet_id=WALLET_ID, now=now)
    platforms.set_webhook(platform_id=platform.pk, url="https://hooks.example.com", now=now)
    platforms.rotate_webhook_secret(platform_id=platform.pk, now=now)
    platforms.create_api_key(platform_id=platform.pk)
    platforms.invite_worker(platform_id=platform.pk, email=worker.email, now=now)
    platforms.send_invitations(now=now)
    token = next(word for word in mail.outbox[-1].body.split() if word.startswith("gi_"))
    platforms.accept_invitation(worker_id=worker.pk, token=token, now=now)
    task = started(worker, platform=platform, now=now)
    report = WorkReport(task_id=task.pk, event_type="completed", external_id=f"done-{number}")
    platforms.record_work_event(platform_id=platform.pk, report=report, now=now)
    plans = [MilestonePlan("First", "4"), MilestonePlan("Last", "6")]
    stepped = started(worker, platform=platform, task_type="milestone", milestones=plans, now=now)
    platforms.dispute_task(task_id=stepped.pk, severity=2, reason="not as agreed", now=now)
    stream = running_stream(worker, platform=platform, now=now)
    payments.claim(stream_id=stream.pk, now=now + seconds(90))
    payments.cash_out(worker_id=worker.pk, now=now + seconds(91))
    settle(now + seconds(92))
    loan = loans.request_loan(worker_id=worker.pk, amount="20", fee_bps=200, now=now)
    approve_by_staff(loan_id=loan.pk, now=now)
    loans.disburse_loan(loan_id=loan.pk, now=now)
    settle(now + seconds(93))
    for model in SETTLEMENT:
        insert(valid(model))
    payments.close_transaction_days(now=now + timedelta(days=3))
    adjust_reputation(worker_id=worker.pk, delta=5, reason="good work", now=now)
    payments.adjust(
        debit_account=accounts.of_house("losses"),
        credit_account=accounts.of_worker(worker.pk, "available"),
        amount="1",
        reason="goodwill",
        requested_by="1",
        approved_by="2",
        key=str(number),
        now=now,
    )
    AuditSeal.objects.create(
        before_transaction=number + 1, row_count=1, previous_hash=f"{number:064}", hash=f"{number + 1:064}"
    )
    deliveries.queue_deliveries(now=now)
    listening = Platform.objects.get(pk=platform.pk)
    listening.webhook_secret = WEBHOOK_SECRET
    listening.save(update_fields=["webhook_secret"])
    workers.sign_in(email=worker.email, password=PASSWORD, now=now)
    workers.request_registration(
        email=f"new{number}@example.com", full_name="New", password=PASSWORD, now=now
    )
    workers.request_password_reset(email=worker.email, now=now)
    workers.send_password_resets(now=now)
    proof = SignedMessage(f"0x{number + 1:040x}".replace("0x0", "0xa", 1), workers.make_nonce(now=now).nonce)
    workers.change_wallet(worker_id=worker.pk, signed=proof, now=now)
    guessing.take_try(f"nobody{number}@example.com", now=now)
    JobHeartbeat.objects.create(name=f"job_{number}", every_seconds=10, last_started_at=now)
    claims.claim(subject_type="task", subject_id=str(task.pk), by="1", now=now)
    asked = Asked(f"platform:{platform.pk}", "POST", "/api/v1/tasks", str(number), b"{}")
    answers.once(asked, lambda: (201, "{}"))
    SandboxProvider().create_wallet(key=new_id(), owner=f"worker {number}")
    SandboxFault.objects.create(call="cancel", kind="busy")
    insert(valid(Approval))
    BookCheck.objects.create(checked_at=now, name="balances", words="All", violations=0, milliseconds=1)
    for model in MODELS:
        if model._meta.managed and model._default_manager.count() <= number:
            insert(valid(model))


def begun(**plan):
    """A stream that runs for real: what staff do to it is done by the database's clock."""
    return running_stream(now=database_now() - seconds(90), **plan)


def rounds(first, last):
    for number in range(first, last):
        a_round(number)


def opened(client, url):
    """The page, and how many statements it took."""
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url)
    assert response.status_code == 200, url
    return response, len(captured)


def test_every_model_has_its_pages():
    assert [model for model in MODELS if not admin.site.is_registered(model)] == []


@pytest.mark.usefixtures("without_the_menu")
def test_lists_show_25_rows_with_the_queries_of_5_and_every_row_opens(client, monkeypatch):
    # On a busy machine it takes more than the minute after which a session is written again.
    monkeypatch.setattr(middleware, "PROLONGED_AFTER_SECONDS", 3600)
    rounds(0, 5)
    before = {model: opened(client, listing(model))[1] for model in MODELS}

    rounds(5, 25)
    for model in MODELS:
        response, count = opened(client, listing(model))
        assert count == before[model] <= 10, model
        # Reports have as many rows as there is something to report on.
        assert len(response.context["cl"].result_list) >= (25 if model._meta.managed else 1), model
        row = model._default_manager.first()
        assert opened(client, page(row))[1] < 40, model


@pytest.mark.usefixtures("without_the_menu")
def test_every_row_of_a_list_opens_its_own_page_by_an_unnested_link(client):
    rounds(0, 1)
    for model in MODELS:
        html = client.get(listing(model)).content.decode()
        row = client.get(listing(model)).context["cl"].result_list[0]
        assert f'href="{page(row)}' in html, model
        assert not re.search(r"<a [^>]*>(?:(?!</a ?>).)*<a ", html, re.S), model


@pytest.mark.usefixtures("without_the_menu")
def test_secrets_are_never_shown(client):
    rounds(0, 2)
    hashes = {value for value in Worker.objects.values_list("password_hash", flat=True) if value}
    keys = set(apps.get_model("platforms.ApiKey").objects.values_list("secret_hash", flat=True))
    previous = set(
        apps.get_model("platforms.WebhookEndpoint").objects.values_list("previous_secret", flat=True)
    )
    tokens = {
        value
        for model, column in (
            (RefreshToken, "token_hash"),
            (PasswordReset, "token_hash"),
            (Invitation, "token_hash"),
            (WalletNonce, "nonce"),
            (SignInAttempts, "email_hash"),
        )
        for value in model.objects.values_list(column, flat=True)
    }
    secrets = {WALLET_ID, WEBHOOK_SECRET, PASSWORD, *hashes, *keys, *previous, *tokens}
    assert len(secrets) >= 6

    for model in MODELS:
        urls = [listing(model), *(page(row) for row in model._default_manager.all()[:3])]
        for url in urls:
            html = unescape(client.get(url).content.decode())
            assert [secret for secret in secrets if secret in html] == [], url
            assert "password_hash" not in html
            assert "webhook_secret" not in html


def test_a_page_without_permission_to_see_it_stays_shut(client):
    visitor = Client()
    assert visitor.get(listing(Worker)).status_code == 302
    visitor.force_login(User.objects.create_user("nobody", password="x"))
    response = visitor.get(listing(Worker))
    assert response.status_code == 302
    assert response.url.startswith("/admin/login/")


# --- Read-only ----------------------------------------------------------------------------------------------
def test_nothing_can_be_added_or_deleted_and_only_profiles_changed(client):
    rounds(0, 1)
    for model in MODELS:
        row = model._default_manager.first()
        options = admin.site.get_model_admin(model)
        assert client.get(page(row).replace("/change/", "/delete/")).status_code == 403, model
        assert client.post(page(row).replace("/change/", "/delete/"), {"post": "yes"}).status_code == 403
        assert client.get(listing(model).replace("?", "add/")).status_code == 403
        if not isinstance(options, ProfileAdmin):
            assert client.post(page(row), {"status": "cancelled", "amount": "1"}).status_code == 403, model
        assert model._default_manager.filter(pk=row.pk).exists()


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


def test_transactions_are_found_by_hash_key_and_worker(client):
    rounds(0, 2)
    payout = Transaction.objects.filter(type="payout").first()
    for term in (payout.pk, payout.tx_hash.upper(), payout.circle_tx_id, payout.idempotency_key):
        assert found(client, Transaction, term) == {payout.pk}, term
    assert found(client, Transaction, payout.worker.email) == set(
        Transaction.objects.filter(worker=payout.worker).values_list("pk", flat=True)
    )


def test_ledger_entries_are_found_by_number_key_and_task(client):
    rounds(0, 2)
    entry = LedgerEntry.objects.filter(kind="earning").first()
    assert found(client, LedgerEntry, entry.pk) == {entry.pk}
    assert found(client, LedgerEntry, entry.idempotency_key) == {entry.pk}
    of_task = set(LedgerEntry.objects.filter(task=entry.task).values_list("pk", flat=True))
    assert found(client, LedgerEntry, entry.task_id) == of_task


def test_the_log_is_found_by_resource_actor_and_action(client):
    worker, other = WorkerFactory(), WorkerFactory()
    about = set(AuditLog.objects.filter(resource_id=worker.pk).values_list("pk", flat=True))
    assert found(client, AuditLog, worker.pk) == about
    assert found(client, AuditLog, "", resource=f"worker:{worker.pk}") == about
    both = AuditLog.objects.filter(resource_id__in=[worker.pk, other.pk], action="worker.register")
    assert found(client, AuditLog, "worker.register") == set(both.values_list("pk", flat=True))


@pytest.mark.parametrize("term", ["'", "%", "0x", "99999999999999999999", "@", "²", "a" * 500])
def test_any_search_term_is_answered(client, term):
    WorkerFactory()
    for model in MODELS:
        assert client.get(listing(model, q=term)).status_code == 200, model


def test_a_term_with_a_null_character_is_refused(client):
    assert {client.get(listing(model, q="\x00")).status_code for model in MODELS} == {400}


def test_lists_can_be_kept_to_what_belongs_to_one_row(client):
    rounds(0, 2)
    worker = Worker.objects.first()
    response = client.get(listing(Task, worker=worker.pk))
    assert {task.worker_id for task in response.context["cl"].result_list} == {worker.pk}
    assert worker.full_name in text_of(response)
    assert client.get(listing(Task, worker="nonsense")).context["cl"].result_count == 0
    stream = Stream.objects.first()
    releases = client.get(listing(LedgerEntry, stream=stream.pk)).context["cl"].result_list
    assert {entry.stream_id for entry in releases} == {stream.pk}
    account = Account.objects.get(worker=worker, name="available")
    entries = client.get(listing(LedgerEntry, account=account.pk)).context["cl"].result_list
    assert {entry.pk for entry in entries} == set(
        LedgerEntry.objects.filter(
            models.Q(debit_account=account) | models.Q(credit_account=account)
        ).values_list("pk", flat=True)
    )


def test_filters_answer(client):
    rounds(0, 1)
    assert client.get(listing(LedgerEntry, kind__exact="fee")).context["cl"].result_count >= 1
    assert client.get(listing(AuditLog, success__exact="1")).context["cl"].result_count >= 1
    assert client.get(listing(Stream, status__exact="paused")).context["cl"].result_count == 0


def test_counting_stops_at_a_bound(monkeypatch, client):
    monkeypatch.setattr(CappedPaginator, "most", 2)
    for _ in range(3):
        WorkerFactory()
    assert "2 or more workers" in " ".join(text_of(client.get(listing(Worker))).split())


# --- Following the story ------------------------------------------------------------------------------------
def test_a_tasks_page_tells_its_whole_story(client):
    stream = begun()
    payments.claim(stream_id=stream.pk)
    html = client.get(page(stream.task)).content.decode()
    assert page(stream) in html
    assert page(stream.worker) in html
    assert page(stream.platform) in html
    hold = LedgerEntry.objects.get(task=stream.task, kind="hold")
    assert page(hold) in html
    assert "task.start" in html
    release = LedgerEntry.objects.get(stream=stream)
    assert page(release) in client.get(page(stream)).content.decode()


def test_a_workers_page_shows_balances_payouts_reputation_and_loans(client):
    rounds(0, 1)
    worker = Worker.objects.first()
    html = client.get(page(worker)).content.decode()
    for model in (Account, Stream, Task, Transaction, ReputationEvent, apps.get_model("loans.Loan")):
        row = model.objects.filter(worker=worker).first()
        assert page(row) in html, model
        by = "task__worker" if model is Stream else "worker"
        assert f"{listing(model)}{by}={worker.pk}" in html


def test_a_payouts_page_shows_the_chain_and_the_ledger(client):
    rounds(0, 1)
    payout = Transaction.objects.filter(type="payout", status="confirmed").first()
    html = client.get(page(payout)).content.decode()
    for fact in (payout.tx_hash, str(payout.block_number), page(payout.worker)):
        assert fact in html
    for entry in LedgerEntry.objects.filter(transaction=payout):
        assert page(entry) in html


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
    # What was refused is asked again, with what was written.
    assert [row["pk"] for row in response.context["rows"]] == [paused.pk]
    assert "a fraud is looked into" in text_of(response)

    assert messages[0] == "1 stream paused."
    assert messages[1].startswith(f"stream {paused.pk}: ")
    assert "is paused: it may become active" in messages[1]
    assert Stream.objects.filter(status="paused").count() == 2
    assert AuditLog.objects.filter(action="stream.pause", success=False, actor_type="staff").count() == 1


def test_a_pending_payout_is_cancelled_and_a_confirmed_one_is_not(client):
    rounds(0, 1)
    worker = started().worker
    payments.grant_reward(worker_id=worker.pk, amount="5", reason="thanks", key="1", now=NOW)
    pending = payments.cash_out(worker_id=worker.pk, now=NOW)
    confirmed = Transaction.objects.filter(type="payout", status="confirmed").first()

    messages = words(act(client, "cancel", pending, confirmed, money="keep", days="7"))

    assert messages[0] == "1 transaction cancelled."
    assert "is confirmed" in messages[1]
    assert Transaction.objects.get(pk=pending.pk).status == "cancelled"
    assert balance(worker, "available") == 5


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
    assert words(act(client, "disable_webhook", platform)) == ["1 platform told of nothing more."]
    assert "is off" in words(act(client, "replay", event))[0]
    assert words(act(client, "enable_webhook", platform)) == ["1 platform told of events again."]
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
    assert words(answer(client, more, outcome="worker", worker_amount="25", reason="half done")) == [
        "1 dispute resolved."
    ]

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
    assert set(ordinary.scopes) == set(ApiScope.values) - {"withdrawals:write"}
    assert (named.name, named.scopes) == ("out", ["withdrawals:write"])
    lines = AuditLog.objects.filter(action="api_key.create").order_by("pk")
    assert [line.metadata["reason"] for line in lines] == ["they asked", "by the contract"]


def test_a_button_on_the_page_leads_back_to_it(client):
    stream = begun()
    html = client.get(page(stream)).content.decode()
    assert 'name="action" value="pause"' in html
    response = act(client, "pause", stream, from_page="1")
    assert response.redirect_chain == [(page(stream), 302)]
    assert words(response) == ["1 stream paused."]


def test_who_may_only_look_has_no_actions(root):
    stream = begun()
    viewer = User.objects.create_user("viewer", password="x", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(viewer)

    html = client.get(page(stream)).content.decode()
    act(client, "pause", stream)

    assert 'value="pause"' not in html
    assert Stream.objects.get(pk=stream.pk).status == "active"
    worker = WorkerFactory(full_name="Alice")
    assert client.post(page(worker), {"full_name": "Mallory"}).status_code == 403


def test_a_job_that_is_asked_for_has_its_bell_rung_and_runs_elsewhere(client, root):
    job = JobHeartbeat.objects.create(name="seal_audit_log", every_seconds=60)
    gone = JobHeartbeat.objects.create(name="no_longer_there", every_seconds=60)
    empty_queues()

    messages = words(act(client, "run_now", job, gone))

    assert messages == [
        "seal_audit_log is asked for: a worker takes it up next.",
        "no_longer_there: no job 'no_longer_there' is scheduled",
    ]
    with celery_app.connection_for_read() as broker:
        heard = broker.default_channel.basic_get("default", no_ack=True)
    assert heard.headers["task"] == "seal_audit_log"
    assert JobHeartbeat.objects.get(pk=job.pk).runs == 0
    line = AuditLog.objects.get(action="job.ask", success=True)
    assert (line.actor_type, line.actor_id, line.resource_id) == ("staff", str(root.pk), "seal_audit_log")
    with no_broker():
        assert words(act(client, "run_now", job)) == ["No broker answers: seal_audit_log runs in its turn."]


def test_a_payouts_page_lists_the_earnings_that_it_covers(client):
    worker = WorkerFactory()
    for amount in ("10", "7"):
        platforms.complete_task(task_id=started(worker, amount=amount).pk, now=NOW)
    payout = payments.cash_out(worker_id=worker.pk, amount="12", now=NOW)

    shown = client.get(page(payout)).content.decode()

    assert "10.00 USDC of" in shown
    assert "2.00 USDC of" in shown
