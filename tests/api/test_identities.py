"""Accounts of chains that are added to a worker's account and then sign the worker in."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.cache import cache
from eth_account import Account
from eth_account.messages import encode_defunct

from audit.models import AuditLog
from gigstream.core.clock import database_now
from tests.support.api.client import Api, is_problem
from tests.support.books import violated
from tests.support.factories import WorkerFactory
from tests.support.servers.cosmos import CosmosAccount, with_high_s
from workers import services
from workers.models import ChainIdentity, WalletNonce, Worker, WorkerSession
from workers.wallets.calculations import ORDER

pytestmark = pytest.mark.django_db

COSMOS = CosmosAccount("11" * 32)
ETHERMINT = CosmosAccount("11" * 32, "ethsecp256k1")
OTHER = CosmosAccount("22" * 32)
EVM = Account.from_key("0x" + "11" * 32)
ZIG = "cosmos:zigchain-1"
# Of 32 bytes, as contracts have.
CONTRACT = "zig1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0sl394vx"


@pytest.fixture(autouse=True)
def _fresh_counts():
    cache.clear()


@pytest.fixture
def ana():
    return WorkerFactory(full_name="Ana")


@pytest.fixture
def api(ana):
    return Api.as_worker(ana)


def signed_by_evm(text, wallet=EVM, **more):
    signature = wallet.sign_message(encode_defunct(text=text)).signature.hex().removeprefix("0x")
    return {"message": text, "signature": f"0x{signature}", **more}


def nonce(api, address, chain=ZIG):
    return api.post("me/identities/nonce", {"chain": chain, "wallet_address": address})


def message(api, account=COSMOS):
    return nonce(api, account.address).json()["message"]


def add(api, account=COSMOS, **changes):
    return api.post("me/identities", account.proof(message(api, account), **changes))


def sign_in_message(address, chain=ZIG):
    answer = Api().post("auth/wallet/nonce", {"chain": chain, "wallet_address": address})
    assert answer.status_code == 201, answer.content
    return answer.json()["message"]


def sign_in(account=COSMOS, **changes):
    return Api().post("auth/wallet/verify", account.proof(sign_in_message(account.address), **changes))


def nothing_moved():
    assert not ChainIdentity.objects.exists()
    assert not WorkerSession.objects.filter(method="wallet").exists()


# --- Added, and signing in ----------------------------------------------------------------------------------


@pytest.mark.parametrize("account", [COSMOS, ETHERMINT], ids=["secp256k1", "ethsecp256k1"])
def test_an_account_of_a_cosmos_chain_is_added_and_signs_in(ana, api, account):
    text = message(api, account)
    assert text.startswith(
        "127.0.0.1:8000 wants you to sign in with your Cosmos account:\n"
        f"{account.address}\n\nAdd this account to GigStream worker {ana.pk}.\n\n"
        "URI: http://127.0.0.1:8000\nVersion: 1\nChain ID: zigchain-1\nNonce: "
    )

    answer = api.post("me/identities", account.proof(text))

    identity = ChainIdentity.objects.get()
    assert (answer.status_code, answer.json()) == (
        201,
        {
            "id": str(identity.pk),
            "chain": ZIG,
            "address": account.address,
            "account_id": f"cosmos:zigchain-1:{account.address}",
            "created_at": answer.json()["created_at"],
            "last_login_at": None,
        },
    )
    assert Worker.objects.count() == 1

    signed_in = sign_in(account)

    assert Api(signed_in.json()["access_token"]).get("me").json()["id"] == str(ana.pk)
    identity.refresh_from_db()
    session = WorkerSession.objects.get(method="wallet")
    assert session.identity_id == identity.pk
    assert identity.last_login_at == session.created_at
    assert violated() == {}


def test_an_account_of_an_evm_chain_is_added_and_signs_in_on_that_chain_only(ana, api):
    text = nonce(api, EVM.address, "eip155:1").json()["message"]
    assert "\nChain ID: 1\n" in text

    answer = api.post("me/identities", signed_by_evm(text, chain="eip155:1"))

    assert answer.json()["account_id"] == f"eip155:1:{EVM.address.lower()}"
    for chain, status in (("eip155:1", 200), ("eip155:5042002", 401)):
        body = signed_by_evm(sign_in_message(EVM.address, chain), chain=chain)
        assert Api().post("auth/wallet/verify", body).status_code == status


def test_an_unknown_account_makes_no_worker(ana):
    is_problem(sign_in(), 401, "sign_in_refused")

    assert list(Worker.objects.all()) == [ana]
    nothing_moved()


def test_the_list_has_the_identities_and_the_chains(api):
    add(api)

    body = api.get("me/identities").json()

    assert [row["address"] for row in body["items"]] == [COSMOS.address]
    assert body["chains"] == ["eip155:5042002", "eip155:1", ZIG]


def test_the_same_account_again_changes_nothing(ana, api):
    first = add(api).json()

    assert add(api).json() == first
    assert AuditLog.objects.filter(action="worker.add_identity").count() == 1


def test_the_same_request_again_gets_the_first_answer(api):
    body = COSMOS.proof(message(api))
    first = api.post("me/identities", body, key="one")

    again = api.post("me/identities", body, key="one")

    assert (again.json(), again["Idempotent-Replayed"]) == (first.json(), "true")
    is_problem(api.post("me/identities", body), 400, "wallet_not_proved")


def test_a_letter_and_a_line_say_it_without_the_address(ana, api):
    add(api)

    assert services.send_identity_notices() == 1
    assert mail.outbox[-1].to == [ana.email]
    assert "an account of the chain cosmos:zigchain-1" in mail.outbox[-1].body
    line = AuditLog.objects.get(action="worker.add_identity")
    assert (line.actor_id, line.success) == (str(ana.pk), True)
    log = " ".join(map(str, AuditLog.objects.values()))
    assert COSMOS.address not in log + mail.outbox[-1].body


def test_at_most_ten_are_taken(ana, api):
    for number in range(10):
        address = f"0x{number + 1:040x}".replace("0x0", "0xa")
        ChainIdentity.objects.create(worker=ana, chain="eip155:1", address=address)

    body = is_problem(add(api), 409, "too_many_identities")

    assert body["numbers"] == {"count": "10", "most": "10"}
    assert ChainIdentity.objects.count() == 10


# --- Removed ------------------------------------------------------------------------------------------------


def test_a_removed_identity_signs_nobody_in_and_its_sessions_end(ana, api):
    identity = add(api).json()
    by_identity = Api(sign_in().json()["access_token"])

    answer = api.post(f"me/identities/{identity['id']}/remove")

    assert answer.json()["items"] == []
    is_problem(by_identity.get("me"), 401, "not_authenticated")
    assert api.get("me").status_code == 200
    is_problem(sign_in(), 401, "sign_in_refused")
    is_problem(api.post(f"me/identities/{identity['id']}/remove"), 404, "not_found")


def test_another_workers_identity_is_not_found(api):
    identity = add(api).json()

    is_problem(
        Api.as_worker(WorkerFactory()).post(f"me/identities/{identity['id']}/remove"), 404, "not_found"
    )
    assert ChainIdentity.objects.count() == 1


def test_a_removed_account_is_free_for_others(api):
    identity = add(api).json()
    is_problem(add(Api.as_worker(WorkerFactory())), 409, "identity_taken")

    api.post(f"me/identities/{identity['id']}/remove")

    assert add(Api.as_worker(WorkerFactory())).status_code == 201


def test_a_new_password_removes_the_identities_of_the_last_7_days(ana, api):
    add(api)
    old = ChainIdentity.objects.create(
        worker=ana,
        chain="eip155:1",
        address=EVM.address.lower(),
        created_at=database_now() - timedelta(days=7, seconds=1),
    )
    services.request_password_reset(email=ana.email)
    services.send_password_resets()
    token = next(word for word in mail.outbox[-1].body.split() if word.startswith("gp_"))

    services.reset_password(token=token, password="a long passphrase")

    assert list(ChainIdentity.objects.all()) == [old]


def test_a_worker_who_leaves_leaves_no_identity_behind(ana, api):
    add(api)

    services.delete_worker(worker_id=ana.pk)

    assert not ChainIdentity.objects.exists()
    is_problem(sign_in(), 401, "sign_in_refused")


# --- An account of one worker -------------------------------------------------------------------------------


def test_an_address_at_which_another_worker_is_paid_is_taken(api):
    WorkerFactory(wallet_address=EVM.address)
    text = nonce(api, EVM.address, "eip155:1").json()["message"]

    is_problem(api.post("me/identities", signed_by_evm(text, chain="eip155:1")), 409, "identity_taken")
    nothing_moved()


def test_an_identity_of_another_worker_is_no_payout_address(ana, api):
    text = nonce(api, EVM.address, "eip155:1").json()["message"]
    api.post("me/identities", signed_by_evm(text, chain="eip155:1"))
    bob = WorkerFactory(wallet_address=None)
    his = Api.as_worker(bob)
    text = his.post("me/wallet/nonce", {"wallet_address": EVM.address}).json()["message"]

    is_problem(his.put("me/wallet", signed_by_evm(text)), 409, "wallet_taken")
    assert Worker.objects.get(pk=bob.pk).wallet_address is None


def test_ones_own_payout_address_may_be_an_identity():
    ana = WorkerFactory(wallet_address=EVM.address)
    api = Api.as_worker(ana)
    text = nonce(api, EVM.address, "eip155:5042002").json()["message"]

    assert api.post("me/identities", signed_by_evm(text)).status_code == 201
    body = signed_by_evm(sign_in_message(EVM.address, "eip155:5042002"))
    assert Api().post("auth/wallet/verify", body).status_code == 200
    assert WorkerSession.objects.get(method="wallet").identity_id == ChainIdentity.objects.get().pk


# --- Refused addresses and chains ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (CONTRACT, "contract_address"),
        ("zig1l3e9pgs3mmwuwrh95fecme0s0qtn2880gqhft4", "invalid_address"),
        ("zig1L3e9pgs3mmwuwrh95fecme0s0qtn2880gqhft3", "invalid_address"),
        ("cosmos1l3e9pgs3mmwuwrh95fecme0s0qtn2880f2jmfe", "invalid_address"),
        ("zig1l3e9pgs3mmwuwrh95fecme0s0qtn2880gqhf", "invalid_address"),
        ("zig1qqqsyqcyq5rqwzqfpg9scrgwpugpzyse0d38l", "invalid_address"),
        ("zig1l3e9pgs3mmwuwrh95fecme0s0qtn288qqeu2uuh", "invalid_address"),
        ("zig1l3e9pgs3mmwuwrh95fecme0s0qtn2880gqhft\u0663", "invalid_address"),
        ("\uff5aig1l3e9pgs3mmwuwrh95fecme0s0qtn2880gqhft3", "invalid_address"),
        ("zig1", "invalid_address"),
        (EVM.address, "invalid_address"),
    ],
)
def test_an_address_that_is_no_account_of_the_chain_is_refused(api, address, code):
    is_problem(nonce(api, address), 400, code)
    is_problem(Api().post("auth/wallet/nonce", {"chain": ZIG, "wallet_address": address}), 400, code)
    assert not WalletNonce.objects.exists()


def test_an_address_in_capitals_is_the_same(api):
    assert f"\n{COSMOS.address}\n" in nonce(api, COSMOS.address.upper()).json()["message"]


@pytest.mark.parametrize(
    "chain", ["cosmos:cosmoshub-4", "eip155:10", "eip155:01", "eip155:\u0661", "solana:x", "1", "eip155:1 "]
)
def test_a_chain_that_is_not_of_those_is_refused(api, chain):
    is_problem(nonce(api, EVM.address, chain), 400, "unknown_chain")
    body = {**signed_by_evm("text"), "chain": chain}
    is_problem(Api().post("auth/wallet/verify", body), 400, "unknown_chain")
    nothing_moved()


# --- Refused proofs: for each a sign-in and an addition -----------------------------------------------------


class Trial:
    """An identity that would sign in, and a second account that would be added."""

    def __init__(self, api):
        self.api = api
        add(api)
        self.before = WorkerSession.objects.count()

    def is_refused(self, change, status, code, *, adding=None):
        """Require that a changed proof is refused for both, with nothing moved and no nonce spent."""
        answer = Api().post("auth/wallet/verify", change(sign_in_message(COSMOS.address), COSMOS))
        is_problem(answer, status, code)
        answer = self.api.post("me/identities", change(message(self.api, OTHER), OTHER))
        is_problem(answer, *(adding or (status, code)))
        assert [one.address for one in ChainIdentity.objects.all()] == [COSMOS.address]
        assert ChainIdentity.objects.get().last_login_at is None
        assert WorkerSession.objects.count() == self.before


@pytest.fixture
def trial(api):
    return Trial(api)


def resigned(before, after):
    """Return a change of a message, which the account then signs."""
    return lambda text, account: account.proof(re.sub(before, after, text))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (r"^127.0.0.1:8000", "evil.example"),
        ("URI: http://127.0.0.1:8000", "URI: https://evil.example"),
        ("Chain ID: zigchain-1", "Chain ID: zigchain-2"),
        ("Chain ID: zigchain-1", "Chain ID: 1"),
        ("your Cosmos account", "your Ethereum account"),
        ("Expiration Time: 2", "Expiration Time: 1"),
        ("Issued At: 2", "Issued At: 9"),
        (r"(zig1\w+)", lambda found: found[1].upper()),
        (r"(zig1\w+)", lambda found: found[1][:-1] + ("q" if found[1][-1] != "q" else "p")),
        ("account", "acc\u043eunt"),
        ("\n", "\r\n"),
    ],
)
def test_a_message_for_another_site_chain_time_or_form_is_refused(trial, before, after):
    trial.is_refused(resigned(before, after), 400, "invalid_sign_in_message")


def test_a_message_of_a_contract_is_refused(trial):
    trial.is_refused(resigned(r"zig1\w+", CONTRACT), 400, "contract_address")


def test_the_higher_s_is_refused(trial):
    def change(text, account):
        proof = account.proof(text)
        return {**proof, "signature": with_high_s(proof["signature"])}

    trial.is_refused(change, 400, "signature_not_low")


def test_the_higher_s_of_an_evm_signature_is_refused(api):
    text = nonce(api, EVM.address, "eip155:1").json()["message"]
    low = signed_by_evm(text)["signature"]
    s, v = ORDER - int(low[66:130], 16), {"1b": "1c", "1c": "1b"}[low[130:]]
    body = {"chain": "eip155:1", "message": text, "signature": f"{low[:66]}{s:064x}{v}"}

    is_problem(api.post("me/identities", body), 400, "signature_not_low")
    nothing_moved()


def test_the_key_must_give_the_address_by_its_type(trial):
    trial.is_refused(
        lambda text, account: account.proof(text, key_type="ethsecp256k1"), 400, "key_of_another_address"
    )
    stranger = CosmosAccount("33" * 32)
    trial.is_refused(
        lambda text, account: {**stranger.proof(text), "key_type": "secp256k1"},
        400,
        "key_of_another_address",
    )


@pytest.mark.parametrize(
    "key", ["", "AAAA", "not base64", "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAF", "\u00e9"]
)
def test_a_public_key_is_a_point_of_the_curve(trial, key):
    def change(text, account):
        proof = account.proof(text)
        if key:
            return {**proof, "public_key": key}
        del proof["public_key"]
        return proof

    trial.is_refused(change, 400, "invalid_public_key")


def test_an_evm_account_sends_no_public_key(api):
    text = nonce(api, EVM.address, "eip155:1").json()["message"]
    body = signed_by_evm(text, chain="eip155:1", public_key=COSMOS.proof("")["public_key"])

    is_problem(api.post("me/identities", body), 400, "invalid_public_key")
    nothing_moved()


@pytest.mark.parametrize("signature", ["x", "AAAA", "A" * 86 + "==", "/" * 85 + "w=="])
def test_a_signature_of_another_text_or_form_proves_nothing(trial, signature):
    trial.is_refused(
        lambda text, account: account.proof(text, signature=signature),
        401,
        "sign_in_refused",
        adding=(400, "wallet_not_proved"),
    )
    trial.is_refused(
        lambda text, account: {**account.proof(f"{text} "), "message": text},
        401,
        "sign_in_refused",
        adding=(400, "wallet_not_proved"),
    )


def test_a_nonce_that_is_unknown_proves_nothing(trial):
    trial.is_refused(
        resigned("Nonce: .*", f"Nonce: {'a' * 20}"),
        401,
        "sign_in_refused",
        adding=(400, "wallet_not_proved"),
    )


def test_a_nonce_works_once(api):
    text = message(api)
    api.post("me/identities", COSMOS.proof(text))
    ChainIdentity.objects.all().delete()

    is_problem(api.post("me/identities", COSMOS.proof(text)), 400, "wallet_not_proved")
    nothing_moved()
    add(api)
    text = sign_in_message(COSMOS.address)
    assert Api().post("auth/wallet/verify", COSMOS.proof(text)).status_code == 200
    is_problem(Api().post("auth/wallet/verify", COSMOS.proof(text)), 401, "sign_in_refused")


def test_an_expired_nonce_proves_nothing(trial):
    def change(text, account):
        WalletNonce.objects.filter(used_at=None).update(
            created_at=database_now() - timedelta(minutes=6), expires_at=database_now()
        )
        return account.proof(text[: text.index("\nExpiration Time")])

    trial.is_refused(change, 401, "sign_in_refused", adding=(400, "wallet_not_proved"))


def test_a_message_serves_one_purpose_and_one_worker(ana, api, trial):
    is_problem(Api().post("auth/wallet/verify", COSMOS.proof(message(api))), 400, "invalid_sign_in_message")
    of_sign_in = OTHER.proof(sign_in_message(OTHER.address))
    of_another = OTHER.proof(message(Api.as_worker(WorkerFactory()), OTHER))
    for body in (of_sign_in, of_another):
        is_problem(api.post("me/identities", body), 400, "invalid_sign_in_message")
    assert ChainIdentity.objects.count() == 1


def test_a_suspended_workers_identity_opens_nothing(ana, api):
    add(api)
    Worker.objects.filter(pk=ana.pk).update(status="suspended")

    is_problem(sign_in(), 403, "worker_suspended")
    assert ChainIdentity.objects.get().last_login_at is None
