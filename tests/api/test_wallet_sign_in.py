"""Signing in with a wallet (EIP-4361)."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core.cache import cache
from django.db import connection
from eth_account import Account
from eth_account.messages import encode_defunct

from audit.models import AuditLog
from gigstream.core.clock import database_now
from gigstream.sign_in.errors import SignInRefused
from tests.support.api.client import Api
from tests.support.decisions import suspend_worker
from tests.support.factories import WorkerFactory
from workers import services
from workers.models import WalletNonce, WorkerSession
from workers.sign_in.tokens import SignedAccount
from workers.wallets import messages as wallet_messages
from workers.wallets.chains import payout_chain
from workers.wallets.errors import InvalidSignInMessage

pytestmark = pytest.mark.django_db

WALLET = Account.from_key("0x" + "11" * 32)
STRANGER = Account.from_key("0x" + "22" * 32)


@pytest.fixture(autouse=True)
def _fresh_counts():
    cache.clear()


@pytest.fixture
def ana():
    return WorkerFactory(wallet_address=WALLET.address)


def message(wallet=WALLET):
    answer = Api().post("auth/wallet/nonce", {"wallet_address": wallet.address})
    assert answer.status_code == 201
    return answer.json()["message"]


def signed(text, wallet=WALLET):
    return "0x" + wallet.sign_message(encode_defunct(text=text)).signature.hex().removeprefix("0x")


def verify(text, signature=None):
    return Api().post("auth/wallet/verify", {"message": text, "signature": signature or signed(text)})


def is_refused(answer, status, code):
    assert (answer.status_code, json.loads(answer.content)["code"]) == (status, code), answer.content
    assert not WorkerSession.objects.exists()


def test_a_worker_signs_in_with_the_wallet_they_are_paid_at(ana):
    text = message()
    assert text.startswith(
        "127.0.0.1:8000 wants you to sign in with your Ethereum account:\n"
        f"{WALLET.address}\n\nSign in to GigStream.\n\nURI: http://127.0.0.1:8000\nVersion: 1\n"
        "Chain ID: 5042002\nNonce: "
    )

    answer = verify(text)

    assert answer.status_code == 200
    assert Api(answer.json()["access_token"]).get("me").json()["id"] == str(ana.pk)
    assert WorkerSession.objects.get().method == "wallet"
    line = AuditLog.objects.get(action="session.open")
    assert (line.actor_type, line.actor_id, line.metadata["method"]) == ("worker", str(ana.pk), "wallet")


def test_a_nonce_opens_once(ana):
    text = message()
    assert verify(text).status_code == 200
    WorkerSession.objects.all().delete()

    is_refused(verify(text), 401, "sign_in_refused")
    assert AuditLog.objects.get(action="session.open", success=False).resource_id == str(ana.pk)


def test_a_nonce_ends_after_5_minutes(ana):
    text = message()
    nonce = WalletNonce.objects.get()
    assert nonce.expires_at - nonce.created_at == timedelta(minutes=5)
    of_no_end = text[: text.index("\nExpiration Time")]

    def sign_in(at):
        proof = wallet_messages.Proof(of_no_end, signed(of_no_end))
        given = wallet_messages.verify_account(proof, chain=payout_chain(), now=at)
        return services.sign_in_with_wallet(signed=given, now=at)

    with pytest.raises(SignInRefused):
        sign_in(nonce.expires_at)
    with pytest.raises(InvalidSignInMessage, match="expired"):
        wallet_messages.verify_message(text, signed(text), now=nonce.expires_at)
    assert sign_in(nonce.expires_at - timedelta(seconds=1)).worker_id == ana.pk


def test_a_nonce_that_we_did_not_make_is_refused(ana):
    text = message()
    nonce = WalletNonce.objects.get().nonce

    is_refused(verify(text.replace(nonce, "a" * 20)), 401, "sign_in_refused")


def test_a_wallet_that_pays_nobody_here_gets_the_same_answer(ana):
    text = message(STRANGER)

    is_refused(verify(text, signed(text, STRANGER)), 401, "sign_in_refused")
    assert WalletNonce.objects.get().used_at is not None


@pytest.mark.parametrize(
    "of",
    [
        lambda text: signed(text, STRANGER),
        lambda text: signed(text + " "),
        lambda text: "0x" + "00" * 65,
        lambda text: "0x" + "ff" * 65,
        lambda text: signed(text)[:-2] + "05",
        lambda text: signed(text)[2:],
        lambda text: signed(text)[:-2],
        lambda text: "0x",
        lambda text: "é",
    ],
)
def test_a_signature_of_anybody_else_opens_nothing(ana, of):
    text = message()

    is_refused(verify(text, of(text)), 401, "sign_in_refused")
    assert WalletNonce.objects.get().used_at is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("127.0.0.1:8000 wants", "evil.example wants"),
        ("127.0.0.1:8000 wants", "https://127.0.0.1:8000 wants"),
        ("URI: http://127.0.0.1:8000", "URI: https://evil.example"),
        ("URI: http://127.0.0.1:8000", "URI: http://127.0.0.1:8000.evil.example"),
        ("Chain ID: 5042002", "Chain ID: 1"),
        ("Chain ID: 5042002", "Chain ID: \u0665"),
        ("Version: 1", "Version: 2"),
        ("Nonce: ", "Nonce: short\nNonce: "),
        (WALLET.address, WALLET.address.lower()),
        (WALLET.address, WALLET.address.swapcase().replace("0X", "0x")),
        ("Issued At: 2", "Issued At: 9"),
        ("Expiration Time: 2", "Expiration Time: 1"),
        ("Expiration Time: ", "Not Before: 2999-01-01T00:00:00Z\nExpiration Time: "),
        ("\nExpiration Time: ", "\nNot Before: 2999-01-01T00:00:00Z\nX: "),
        ("Issued At: 20", "Issued At: 2026-13-45T99:99:99Z\nExpiration Time: 20"),
        ("Sign in", "Sign\nin"),
        ("Sign in", "Sign\u0301 in"),
        ("\n", "\r\n"),
    ],
)
def test_a_message_for_another_site_chain_form_or_time_is_refused(ana, before, after):
    text = message().replace(before, after)

    is_refused(verify(text), 400, "invalid_sign_in_message")
    assert WalletNonce.objects.get().used_at is None


def test_a_message_of_another_library_signs_in_as_well(ana):
    now = database_now()
    nonce = services.make_nonce(now=now).nonce
    text = (
        f"http://127.0.0.1:8000 wants you to sign in with your Ethereum account:\n{WALLET.address}\n\n\n"
        f"URI: http://127.0.0.1:8000/login\nVersion: 1\nChain ID: 5042002\nNonce: {nonce}\n"
        f"Issued At: {now.isoformat()}\nRequest ID: 7\nResources:\n- https://pay.example.com/terms"
    )

    assert verify(text).status_code == 200


@pytest.mark.parametrize("address", ["", "0x", "0x" + "0" * 40, "0x" + "zz" * 20, None, 5])
def test_a_nonce_is_for_a_wallet(address):
    answer = Api().post("auth/wallet/nonce", {"wallet_address": address})

    assert answer.status_code == 400
    assert not WalletNonce.objects.exists()


def test_a_suspended_workers_wallet_opens_nothing(ana):
    suspend_worker(worker_id=ana.pk, reason="fraud")

    is_refused(verify(message()), 403, "worker_suspended")


@pytest.mark.django_db(transaction=True)
def test_two_at_once_with_one_message_open_one_session():
    WorkerFactory(wallet_address=WALLET.address)
    text = message()
    barrier = Barrier(2)

    def one(_):
        try:
            barrier.wait(timeout=10)
            return verify(text).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(one, range(2))) == [200, 401]
    assert WorkerSession.objects.count() == 1


@pytest.mark.parametrize("column", ["email_proved_at", "wallet_proved_at"])
def test_what_nobody_has_proved_signs_nobody_in(ana, column):
    """An account is not reached by naming somebody else's wallet or address."""
    ana.wallet_id = "custody"
    setattr(ana, column, None)
    ana.save()

    with pytest.raises(SignInRefused):
        services.sign_in_with_wallet(
            signed=SignedAccount("eip155:5042002", WALLET.address.lower(), services.make_nonce().nonce)
        )
    assert not WorkerSession.objects.exists()
