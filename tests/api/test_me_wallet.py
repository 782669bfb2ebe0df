"""A worker's name and payout address, changed over the API."""

from datetime import timedelta

import pytest
from django.core import mail
from eth_account import Account
from eth_account.messages import encode_defunct

from audit.models import AuditLog
from gigstream.api.models import AnsweredRequest
from gigstream.core.clock import database_now
from loans.applications import services as loans
from loans.disbursement import services as disbursement_services
from loans.models import Loan
from payments import services as payments
from payments.settlement.custody.services import house_address
from payments.settlement.payouts.errors import NoWallet
from payments.settlement.provider import configured_provider
from platforms import services as platforms
from tests.support.api.client import Api, is_problem
from tests.support.decisions import reinstate_worker, suspend_worker
from tests.support.factories import (
    PlatformFactory,
    WorkerFactory,
    approve_by_staff,
    balance,
    started,
    trusted_worker,
)
from workers import services
from workers.models import WalletChange, Worker
from workers.wallets import messages as wallet_messages
from workers.wallets.errors import WalletChanging

pytestmark = pytest.mark.django_db

NEW = Account.from_key("0x" + "11" * 32)
OTHER = Account.from_key("0x" + "22" * 32)
DAY = timedelta(hours=24)


@pytest.fixture
def ana():
    return WorkerFactory(full_name="Ana")


@pytest.fixture
def api(ana):
    return Api.as_worker(ana)


def signed(text, wallet=NEW):
    signature = wallet.sign_message(encode_defunct(text=text)).signature.hex().removeprefix("0x")
    return {"message": text, "signature": f"0x{signature}"}


def message(api, wallet=NEW):
    return api.post("me/wallet/nonce", {"wallet_address": wallet.address}).json()["message"]


def change(api, wallet=NEW, **kwargs):
    return api.put("me/wallet", signed(message(api, wallet), wallet), **kwargs)


def paid_at(worker):
    return Worker.objects.get(pk=worker.pk).wallet_address


# --- The name -----------------------------------------------------------------------------------------------


def test_a_worker_goes_by_another_name(ana, api):
    answer = api.patch("me", {"full_name": " Ana Maria "}, key="one")

    assert (answer.status_code, answer.json()["full_name"]) == (200, "Ana Maria")
    assert api.get("me").json() == answer.json()
    assert api.patch("me", {"full_name": " Ana Maria "}, key="one")["Idempotent-Replayed"] == "true"
    line = AuditLog.objects.get(action="worker.rename")
    assert (line.actor_id, line.success) == (str(ana.pk), True)
    assert "Maria" not in f"{line.changes_before}{line.changes_after}{line.metadata}"


def test_a_change_of_nothing_changes_nothing(ana, api):
    assert api.patch("me", {}).json()["full_name"] == "Ana"
    assert not AuditLog.objects.filter(action="worker.rename").exists()


@pytest.mark.parametrize(
    "given",
    [
        *({"full_name": name} for name in ("", "  ", None, 5, "x" * 121, "\n" + "x" * 120)),
        *({name: "x"} for name in ("email", "wallet_address", "status", "reputation_score", "id")),
    ],
)
def test_what_a_worker_may_not_set_is_named(ana, api, given):
    body = is_problem(api.patch("me", given), 400, "invalid_input")

    assert [error["pointer"] for error in body["errors"]] == [f"/{next(iter(given))}"]
    assert Worker.objects.get(pk=ana.pk).full_name == "Ana"


# --- The wallet ---------------------------------------------------------------------------------------------


def test_a_new_wallet_holds_a_day_later_and_the_worker_is_told(ana, api):
    before = ana.wallet_address
    answer = change(api)

    pending = answer.json()["change"]
    assert (answer.status_code, answer.json()["wallet_address"]) == (200, before)
    assert pending["wallet_address"] == NEW.address.lower()
    assert api.get("me/wallet").json() == answer.json()
    assert services.send_wallet_notices() == 1
    assert (mail.outbox[-1].to, services.send_wallet_notices()) == ([ana.email], 0)
    assert NEW.address.lower() not in mail.outbox[-1].body.lower()
    row = WalletChange.objects.get(worker=ana)
    assert row.effective_at - row.created_at == DAY
    assert services.apply_wallet_changes(now=row.effective_at - timedelta(seconds=1)) == 0
    assert paid_at(ana) == before

    assert services.apply_wallet_changes(now=row.effective_at) == 1

    assert api.get("me/wallet").json() == {"wallet_address": NEW.address.lower(), "change": None}
    row.refresh_from_db()
    assert (row.wallet_address, row.applied_at) == ("", row.effective_at)
    assert services.apply_wallet_changes(now=row.effective_at) == 0
    log = " ".join(map(str, AuditLog.objects.values()))
    assert NEW.address.lower() not in log.lower()


def test_without_the_email_a_change_does_not_take_effect(ana, api, monkeypatch, caplog):
    change(api)
    with monkeypatch.context() as patch:
        patch.setattr(
            "gigstream.network.mail.send_mail", lambda *_: (_ for _ in ()).throw(ConnectionRefusedError())
        )
        assert services.send_wallet_notices() == 0
    assert "was not sent: ConnectionRefusedError" in caplog.text
    later = database_now() + 2 * DAY
    assert services.apply_wallet_changes(now=later) == 0

    assert services.send_wallet_notices(now=database_now() + timedelta(minutes=1)) == 1
    assert services.apply_wallet_changes(now=later) == 1


def test_nothing_is_paid_out_until_then(ana, api):
    platforms.complete_task(task_id=started(ana, amount="10").pk)
    change(api)
    now = database_now()

    is_problem(api.post("me/payouts"), 409, "wallet_changing")
    assert payments.create_due_payouts(now=now + timedelta(hours=1)) == 0
    assert balance(ana, "available") == 10
    services.send_wallet_notices()
    services.apply_wallet_changes(now=now + DAY)
    assert payments.create_due_payouts(now=now + DAY) == 1
    assert ana.transactions.get(type="payout").to_wallet == NEW.address.lower()


def test_no_advance_is_paid_out_either():
    ana = trusted_worker(now=database_now())
    change(Api.as_worker(ana))
    loan = loans.request_loan(worker_id=ana.pk, amount="5", fee_bps=200)
    approve_by_staff(loan_id=loan.pk)

    with pytest.raises(WalletChanging):
        disbursement_services.disburse_loan(loan_id=loan.pk)
    assert Loan.objects.get(pk=loan.pk).status == "approved"


def test_a_first_wallet_holds_at_once_and_is_told_too():
    ana = WorkerFactory(wallet_address=None)
    platforms.complete_task(task_id=started(ana, amount="10").pk)
    with pytest.raises(NoWallet):
        payments.cash_out(worker_id=ana.pk)

    answer = change(Api.as_worker(ana))

    assert answer.json() == {"wallet_address": NEW.address.lower(), "change": None}
    assert payments.cash_out(worker_id=ana.pk).to_wallet == NEW.address.lower()
    assert services.send_wallet_notices() == 1
    assert "It holds since" in mail.outbox[-1].body


def test_a_change_is_cancelled_and_payouts_go_on(ana, api):
    platforms.complete_task(task_id=started(ana, amount="10").pk)
    before = paid_at(ana)
    change(api)

    answer = api.post("me/wallet/cancel", key="one")

    assert answer.json() == {"wallet_address": before, "change": None}
    assert api.post("me/wallet/cancel", key="one")["Idempotent-Replayed"] == "true"
    is_problem(api.post("me/wallet/cancel"), 409, "no_wallet_change")
    is_problem(api.post("me/wallet/cancel", {"now": True}), 400, "invalid_input")
    assert services.send_wallet_notices() == services.apply_wallet_changes(now=database_now() + DAY) == 0
    assert api.post("me/payouts").status_code == 201
    assert WalletChange.objects.get().wallet_address == ""


def test_a_new_password_drops_a_change(ana, api):
    before = paid_at(ana)
    change(api)
    services.send_wallet_notices()
    services.request_password_reset(email=ana.email)
    services.send_password_resets()
    token = next(word for word in mail.outbox[-1].body.split() if word.startswith("gp_"))

    services.reset_password(token=token, password="a long passphrase")

    assert services.apply_wallet_changes(now=database_now() + DAY) == 0
    assert paid_at(ana) == before


def test_only_one_change_is_under_way(ana, api):
    first = change(api).json()

    is_problem(change(api, OTHER), 409, "wallet_changing")
    assert api.get("me/wallet").json() == first


def test_the_same_wallet_again_changes_nothing():
    ana = WorkerFactory(wallet_address=NEW.address)

    assert change(Api.as_worker(ana)).json() == {"wallet_address": NEW.address.lower(), "change": None}
    assert not WalletChange.objects.exists()


def test_the_same_request_again_gets_the_first_answer(ana, api):
    body = signed(message(api))
    first = api.put("me/wallet", body, key="one")
    again = api.put("me/wallet", body, key="one")

    assert (again.json(), again["Idempotent-Replayed"]) == (first.json(), "true")
    is_problem(api.put("me/wallet", body), 400, "wallet_not_proved")
    assert body["signature"] not in " ".join(AnsweredRequest.objects.values_list("body", flat=True))


# --- Proofs of a wallet -------------------------------------------------------------------------------------


@pytest.mark.parametrize("whose", ["a platform's", "the house's"])
def test_a_wallet_of_our_own_is_refused_where_it_is_named(ana, api, whose):
    """Money paid out to a custody wallet or the treasury would go round, and come back as a deposit."""
    if whose == "a platform's":
        PlatformFactory(wallet_address=NEW.address, wallet_id="custody")
        address = NEW.address
    else:
        address = house_address(configured_provider())

    is_problem(api.post("me/wallet/nonce", {"wallet_address": address}), 400, "invalid_address")
    nonce = services.make_nonce()
    text = wallet_messages.compose_message(
        address.lower(),
        nonce=nonce.nonce,
        now=nonce.created_at,
        expires_at=nonce.expires_at,
        statement=wallet_messages.payout_statement(ana.pk),
    )
    body = {"message": text, "signature": "0x" + "0" * 130}
    is_problem(api.put("me/wallet", body), 400, "invalid_address")
    assert not WalletChange.objects.exists()


def test_a_wallet_of_another_worker_is_refused(ana, api):
    WorkerFactory(wallet_address=NEW.address)

    is_problem(change(api), 409, "wallet_taken")
    assert not WalletChange.objects.exists()


def test_a_wallet_that_was_taken_meanwhile_is_dropped(ana, api):
    before = paid_at(ana)
    change(api)
    services.send_wallet_notices()
    WorkerFactory(wallet_address=NEW.address)

    assert services.apply_wallet_changes(now=database_now() + DAY) == 0

    assert api.get("me/wallet").json() == {"wallet_address": before, "change": None}


def test_a_suspended_workers_change_waits(ana, api):
    change(api)
    services.send_wallet_notices()
    suspend_worker(worker_id=ana.pk, reason="asked")
    later = database_now() + DAY
    assert services.apply_wallet_changes(now=later) == 0

    reinstate_worker(worker_id=ana.pk, reason="cleared")
    assert services.apply_wallet_changes(now=later) == 1


def test_a_signature_for_another_purpose_person_or_wallet_proves_nothing(ana, api):
    before = paid_at(ana)
    sign_in = Api().post("auth/wallet/nonce", {"wallet_address": NEW.address}).json()["message"]
    of_another = message(Api.as_worker(WorkerFactory()))
    own = message(api)

    for text in (sign_in, of_another, own.replace("Pay ", "Tip ")):
        is_problem(api.put("me/wallet", signed(text)), 400, "invalid_sign_in_message")
    is_problem(api.put("me/wallet", signed(own, OTHER)), 400, "wallet_not_proved")
    for body in ({}, {"message": own}, {**signed(own), "wallet_address": NEW.address}, {"message": 1}):
        is_problem(api.put("me/wallet", body), 400, "invalid_input")
    assert (paid_at(ana), WalletChange.objects.count()) == (before, 0)


def test_a_message_about_pay_signs_nobody_in(api):
    WorkerFactory(wallet_address=NEW.address)

    is_problem(Api().post("auth/wallet/verify", signed(message(api))), 400, "invalid_sign_in_message")


@pytest.mark.parametrize("address", ["", "0x12", "0x" + "0" * 40, NEW.address.swapcase(), 5, None])
def test_a_message_is_for_a_real_address(api, address):
    answer = api.post("me/wallet/nonce", {"wallet_address": address})
    assert answer.json()["code"] in ("invalid_address", "invalid_input")
    assert answer.status_code == 400


def test_a_worker_who_leaves_leaves_no_address_behind(ana, api):
    change(api)
    services.delete_worker(worker_id=ana.pk)

    assert not WalletChange.objects.exists()


def test_the_wallet_costs_few_statements(ana, api, django_assert_num_queries):
    api.get("me/wallet")
    with django_assert_num_queries(3):
        api.get("me/wallet")
