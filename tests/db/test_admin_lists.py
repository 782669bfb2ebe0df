"""The staff's pages over a row of every model: all open, quick, read-only and without secrets."""

import re
from dataclasses import dataclass
from html import unescape

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection, models
from django.test import RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext

from audit.models import AuditLog
from gigstream.adminkit import ProfileAdmin
from gigstream.saved_views import caching
from gigstream.sign_in.models import SignInAttempts
from gigstream.staff import middleware
from payments import services as payments
from payments.ledger.subjects import TASK
from payments.models import Account, LedgerEntry, Stream, Transaction
from platforms.models import Invitation, Task
from reputation.models import ReputationEvent
from tests.support.factories import NOW, balance, started
from tests.support.long_forms import count, share, spread
from tests.support.pages.addresses import listing, page, text_of, whole_page
from tests.support.pages.admin import act
from tests.support.pages.admin import told as words
from tests.support.pages.rounds import MODELS, PASSWORD, WALLET_ID, WEBHOOK_SECRET, add_rounds
from tests.support.pages.seeded import signed_in
from workers.models import PasswordReset, RefreshToken, WalletNonce, Worker

FEW, MANY = 2, count(short=3, long=25)
SHOWN = 25

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("filled", "without_the_menu")]
SOME = share(MODELS, of="lists of staff", one_in=9)


@dataclass(frozen=True, slots=True)
class Opened:
    """A page as a superuser saw it, the statements that it took, and the first row of a list."""

    url: str
    html: str
    statements: int
    first: models.Model | None


@pytest.fixture(scope="module")
def filled(module_transaction):
    add_rounds(0, FEW)


@pytest.fixture(scope="module")
def root(filled):
    return User.objects.create_superuser("root", "root@example.com", "root")


@pytest.fixture(scope="module")
def client(root):
    return signed_in(root)


@pytest.fixture(scope="module")
def walked(client, menu_left_out):
    """Every list, and the pages of its first rows, each opened once."""
    found = {}
    with pytest.MonkeyPatch.context() as patch, override_settings(UNFOLD=menu_left_out):
        patch.setattr(middleware, "PROLONGED_AFTER_SECONDS", 3600)
        for model in SOME:
            # In an order of its own: which rows come first is else the planner's choice.
            first = model._default_manager.order_by("pk")[:2]
            urls = [listing(model), *(page(row) for row in first)]
            found[model] = [opened(client, url) for url in urls]
    return found


def opened(client, url):
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url)
    assert response.status_code == 200, url
    changelist = response.context.get("cl")
    first = changelist.result_list[0] if changelist else None
    return Opened(url, response.content.decode(), len(captured), first)


def found(client, model, term, **query):
    """Return the keys of the rows that the search finds."""
    response = client.get(listing(model, q=term, **query))
    assert response.status_code == 200
    return {row.pk for row in response.context["cl"].result_list}


def changelist(user, model, **query):
    """Return the list's rows, without drawing its page."""
    request = RequestFactory().get(listing(model, **query))
    request.user = user
    return admin.site.get_model_admin(model).get_changelist_instance(request)


@pytest.mark.long_form
@pytest.mark.usefixtures("without_the_menu")
def test_a_list_of_many_takes_the_queries_of_one_of_a_few(client, monkeypatch):
    # On a busy machine it takes more than the minute after which a session is written again.
    monkeypatch.setattr(middleware, "PROLONGED_AFTER_SECONDS", 3600)
    monkeypatch.setattr(caching, "SECONDS", 3600)
    for model in SOME:
        # The saved views of a list are kept after a first look.
        client.get(listing(model))
    before = {model: opened(client, listing(model)).statements for model in SOME}

    add_rounds(FEW, MANY)

    for model in SOME:
        with CaptureQueriesContext(connection) as captured:
            response = client.get(listing(model))
        assert len(captured) == before[model] <= 10, model
        # Reports have as many rows as there is something to report on.
        assert len(response.context["cl"].result_list) >= (MANY if model._meta.managed else 1), model
        assert response.context["cl"].list_per_page >= SHOWN


@pytest.mark.shortened
def test_every_row_opens_with_few_queries(walked):
    for model, (_, *rows) in walked.items():
        assert rows, model
        assert max(row.statements for row in rows) < 15, model


@pytest.mark.shortened
def test_every_row_of_a_list_opens_its_own_page_by_an_unnested_link(walked):
    for model, (shown, *_) in walked.items():
        assert f'href="{page(shown.first)}' in shown.html, model
        assert not re.search(r"<a [^>]*>(?:(?!</a ?>).)*<a ", shown.html, re.S), model


@pytest.mark.shortened
def test_secrets_are_never_shown(walked):
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

    for one in (one for pages in walked.values() for one in pages):
        html = unescape(one.html)
        assert [secret for secret in secrets if secret in html] == [], one.url
        assert "password_hash" not in html
        assert "webhook_secret" not in html


# --- Read-only ----------------------------------------------------------------------------------------------
@pytest.mark.shortened
@pytest.mark.usefixtures("without_the_menu")
def test_nothing_can_be_added_or_deleted_and_only_profiles_changed(client):
    for model in share(MODELS, of="kept rows", one_in=3):
        row = model._default_manager.first()
        options = admin.site.get_model_admin(model)
        assert client.get(page(row).replace("/change/", "/delete/")).status_code == 403, model
        assert client.post(page(row).replace("/change/", "/delete/"), {"post": "yes"}).status_code == 403
        assert client.get(listing(model).replace("?", "add/")).status_code == 403
        if not isinstance(options, ProfileAdmin):
            assert client.post(page(row), {"status": "cancelled", "amount": "1"}).status_code == 403, model
        assert model._default_manager.filter(pk=row.pk).exists()


def test_transactions_are_found_by_hash_key_and_worker(client):
    payout = Transaction.objects.filter(type="payout").first()
    for term in (payout.pk, payout.tx_hash.upper(), payout.circle_tx_id, payout.idempotency_key):
        assert found(client, Transaction, term) == {payout.pk}, term
    assert found(client, Transaction, payout.worker.email) == set(
        Transaction.objects.filter(worker=payout.worker).values_list("pk", flat=True)
    )


def test_ledger_entries_are_found_by_number_key_and_task(client):
    entry = LedgerEntry.objects.filter(kind="earning").first()
    assert found(client, LedgerEntry, entry.pk) == {entry.pk}
    assert found(client, LedgerEntry, entry.idempotency_key) == {entry.pk}
    of_task = set(LedgerEntry.objects.of(TASK, entry.subject_id).values_list("pk", flat=True))
    assert found(client, LedgerEntry, entry.subject_id) == of_task


def test_a_workers_page_shows_balances_payouts_reputation_and_loans(client):
    worker = Worker.objects.first()
    html = whole_page(client, worker)
    for model in (Account, Stream, Task, Transaction, ReputationEvent, apps.get_model("loans.Loan")):
        row = model.objects.filter(worker=worker).first()
        assert page(row) in html, model
        by = "task__worker" if model is Stream else "worker"
        assert f"{listing(model)}{by}={worker.pk}" in html


def test_a_payouts_page_shows_the_chain_and_the_ledger(client):
    payout = Transaction.objects.filter(type="payout", status="confirmed").first()
    html = whole_page(client, payout)
    for fact in (payout.tx_hash, str(payout.block_number), page(payout.worker)):
        assert fact in html
    for entry in LedgerEntry.objects.filter(transaction=payout):
        assert page(entry) in html


def test_a_page_reads_what_a_text_needs_once(client):
    payout = Transaction.objects.filter(type="payout", status="confirmed").first()
    with CaptureQueriesContext(connection) as captured:
        whole_page(client, payout)
    read = [query["sql"] for query in captured]
    assert sum("The parts that a payout covers" in sql for sql in read) == 1
    assert sum("provider_notifications" in sql for sql in read) == 1


def test_a_pending_payout_is_cancelled_and_a_confirmed_one_is_not(client):
    worker = started().worker
    payments.grant_reward(worker_id=worker.pk, amount="5", reason="thanks", key="1", now=NOW)
    pending = payments.cash_out(worker_id=worker.pk, now=NOW)
    confirmed = Transaction.objects.filter(type="payout", status="confirmed").first()

    messages = words(act(client, "cancel", pending, confirmed, money="keep", days="7"))

    assert messages[0] == "1 transaction cancelled."
    assert "is confirmed" in messages[1]
    assert Transaction.objects.get(pk=pending.pk).status == "cancelled"
    assert balance(worker, "available") == 5


@pytest.mark.parametrize(
    "term", spread(["'", "%", "0x", "99999999999999999999", "@", "²", "a" * 500], of="terms", one_in=3)
)
def test_any_search_term_is_answered(root, client, term):
    for model in MODELS:
        assert list(changelist(root, model, q=term).result_list) is not None, model
    assert client.get(listing(Worker, q=term)).status_code == 200


def test_a_term_with_a_null_character_is_refused(client):
    assert {client.get(listing(model, q="\x00")).status_code for model in MODELS} == {400}


def test_lists_can_be_kept_to_what_belongs_to_one_row(client):
    worker = Worker.objects.first()
    response = client.get(listing(Task, worker=worker.pk))
    assert {task.worker_id for task in response.context["cl"].result_list} == {worker.pk}
    assert worker.full_name in text_of(response)
    assert client.get(listing(Task, worker="nonsense")).context["cl"].result_count == 0
    stream = Stream.objects.first()
    releases = client.get(listing(LedgerEntry, stream=stream.pk)).context["cl"].result_list
    assert {entry.subject_id for entry in releases} == {stream.pk}
    account = Account.objects.get(worker=worker, name="available")
    entries = client.get(listing(LedgerEntry, account=account.pk)).context["cl"].result_list
    assert {entry.pk for entry in entries} == set(
        LedgerEntry.objects.filter(
            models.Q(debit_account=account) | models.Q(credit_account=account)
        ).values_list("pk", flat=True)
    )


def test_filters_answer(client):
    assert client.get(listing(LedgerEntry, kind__exact="fee")).context["cl"].result_count >= 1
    assert client.get(listing(AuditLog, outcome="done")).context["cl"].result_count >= 1
    assert client.get(listing(Stream, status__exact="paused")).context["cl"].result_count == 0
