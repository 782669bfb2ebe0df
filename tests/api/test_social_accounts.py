"""Accounts of social networks, proved by OAuth 2.0 with PKCE at a network that runs on a socket."""

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product
from threading import Barrier
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connection

from audit.models import AuditLog
from gigstream.core.clock import database_now
from gigstream.network import outbound
from gigstream.remote_calls.models import CircuitBreaker
from tests.support.api.client import Api, is_problem
from tests.support.books import violated
from tests.support.factories import WorkerFactory
from tests.support.long_forms import spread
from tests.support.servers.oauth import CLIENT_ID, NAME, use_network
from workers import services
from workers.models import SocialAccount, SocialAuthorization, SocialConflict, Worker
from workers.profiles.errors import WorkerSuspended
from workers.social import oauth
from workers.social.errors import SocialAccountReserved, SocialAccountTaken
from workers.social.oauth import SocialUser
from workers.social.services import authorizing

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _fresh_counts():
    cache.clear()


@pytest.fixture
def network(settings):
    running = use_network(settings)
    running.add_user("7", "ana")
    running.add_user("8", "bob")
    return running


@pytest.fixture
def ana():
    return WorkerFactory(full_name="Ana")


@pytest.fixture
def api(ana):
    return Api.as_worker(ana)


def start(api):
    answer = api.post("me/social-accounts", {"network": NAME})
    assert answer.status_code == 201, answer.content
    return answer.json()


def consented(api, network, login="7"):
    """Begin, consent as this user, and return what the network has sent back."""
    sent_back = network.consent(start(api)["authorization_url"], login)
    return {"state": sent_back["state"], "code": sent_back["code"]}


def complete(api, body, **key):
    return api.post("me/social-accounts/complete", body, **key)


def link(api, network, login="7"):
    answer = complete(api, consented(api, network, login))
    assert answer.status_code == 200, answer.content
    return answer.json()


def nothing_linked():
    assert not SocialAccount.objects.exists()
    assert not SocialConflict.objects.exists()
    assert not AuditLog.objects.filter(action="worker.link_social_account", success=True).exists()


# --- Linked -------------------------------------------------------------------------------------------------


def test_an_account_is_linked_by_a_code_with_pkce(ana, api, network):
    started = start(api)
    query = dict(parse_qsl(urlsplit(started["authorization_url"]).query))
    assert started["authorization_url"].startswith(f"{network.url}/authorize?")
    assert (query["response_type"], query["client_id"], query["scope"]) == ("code", CLIENT_ID, "users.read")
    assert (query["state"], query["code_challenge_method"]) == (started["state"], "S256")
    assert query["redirect_uri"] == "http://127.0.0.1:8000/linked"
    sent_back = network.consent(started["authorization_url"], "7")

    answer = complete(api, sent_back)

    account = SocialAccount.objects.get()
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "id": str(account.pk),
            "network": "chirp",
            "username": "ana",
            "verified_at": answer.json()["verified_at"],
        },
    )
    assert (account.worker, account.network_user_id, account.unlinked_at) == (ana, "7", None)
    body = api.get("me/social-accounts").json()
    assert body == {"items": [answer.json()], "networks": [{"name": "chirp", "title": "Chirp"}]}
    assert violated() == {}


def test_the_challenge_is_of_a_verifier_that_is_kept_nowhere(api, network):
    started = start(api)
    query = dict(parse_qsl(urlsplit(started["authorization_url"]).query))
    row = SocialAuthorization.objects.get()

    assert row.state_hash == hashlib.sha256(started["state"].encode()).hexdigest()
    assert row.expires_at - row.created_at == timedelta(minutes=10)
    assert len(base64.urlsafe_b64decode(query["code_challenge"] + "=")) == 32
    kept = " ".join(map(str, [*SocialAuthorization.objects.values(), *AuditLog.objects.values()]))
    assert started["state"] not in kept


def test_the_log_names_no_user(ana, api, network):
    network.add_user("7007007", "ana-of-chirp")

    link(api, network, "7007007")

    line = AuditLog.objects.get(action="worker.link_social_account")
    assert (line.actor_id, line.metadata["network"]) == (str(ana.pk), "chirp")
    log = " ".join(map(str, AuditLog.objects.values()))
    assert "7007007" not in log
    assert "ana-of-chirp" not in log


@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_basic"])
def test_the_client_shows_its_secret_as_the_network_wants_it(settings, api, method):
    network = use_network(settings, token_auth_method=method)

    assert link(api, network, "1")["username"] == "first"


def test_the_same_account_again_takes_the_present_username(api, network):
    first = link(api, network)
    network.add_user("7", "ana2")

    again = link(api, network)

    assert (again["id"], again["username"]) == (first["id"], "ana2")
    assert again["verified_at"] > first["verified_at"]


def test_the_same_request_again_gets_the_first_answer(api, network):
    body = consented(api, network)
    first = complete(api, body, key="one")
    calls = network.calls()

    again = complete(api, body, key="one")

    assert (again.json(), again["Idempotent-Replayed"]) == (first.json(), "true")
    assert network.calls() == calls
    is_problem(complete(api, {**body, "code": "another"}, key="one"), 422, "idempotency_mismatch")


def test_a_second_account_of_the_network_waits_until_the_first_is_unlinked(api, network):
    first = link(api, network)

    is_problem(complete(api, consented(api, network, "8")), 409, "social_network_linked")
    assert [one.network_user_id for one in SocialAccount.objects.all()] == ["7"]
    api.post(f"me/social-accounts/{first['id']}/unlink")
    assert link(api, network, "8")["username"] == "bob"
    assert [one["username"] for one in api.get("me/social-accounts").json()["items"]] == ["bob"]


def test_an_unknown_network_is_refused_by_name(api, network):
    body = is_problem(api.post("me/social-accounts", {"network": "myspace"}), 400, "unknown_network")

    assert body["detail"] == "no accounts of myspace are linked here; networks: chirp"
    assert not SocialAuthorization.objects.exists()


def test_a_network_that_was_taken_out_links_nothing(api, network, settings):
    body = consented(api, network)
    settings.SOCIAL_NETWORKS = {}

    is_problem(complete(api, body), 400, "unknown_network")
    nothing_linked()


# --- States -------------------------------------------------------------------------------------------------


def test_a_forged_state_is_refused_without_a_call(api, network):
    body = consented(api, network)
    calls = network.calls()

    for state in ("go_" + "x" * 43, body["state"][:-1], body["state"].upper(), "\u00e9", "\u202e"):
        is_problem(complete(api, {**body, "state": state}), 400, "social_state_refused")
    assert network.calls() == calls
    nothing_linked()
    assert complete(api, body).status_code == 200


def test_the_state_that_the_network_has_changed_is_refused(api, network):
    network.fail("authorize", "wrong_state")

    is_problem(complete(api, consented(api, network)), 400, "social_state_refused")
    nothing_linked()


def test_a_state_works_once(api, network):
    body = consented(api, network)
    account = complete(api, body).json()
    api.post(f"me/social-accounts/{account['id']}/unlink")

    is_problem(complete(api, body), 400, "social_state_refused")
    assert SocialAccount.objects.get().unlinked_at is not None


def test_a_state_of_another_worker_is_refused_and_stays_theirs(api, network):
    body = consented(api, network)

    is_problem(complete(Api.as_worker(WorkerFactory()), body), 400, "social_state_refused")
    nothing_linked()
    assert complete(api, body).status_code == 200


def test_a_state_ends_after_10_minutes(ana, api, network):
    body = consented(api, network)
    SocialAuthorization.objects.update(
        created_at=database_now() - timedelta(minutes=11), expires_at=database_now()
    )
    calls = network.calls()

    is_problem(complete(api, body), 400, "social_state_refused")
    assert network.calls() == calls
    nothing_linked()
    assert services.sweep_social_accounts() == 1


@pytest.mark.django_db(transaction=True)
def test_two_at_once_with_one_state_call_the_network_once(network, ana, api):
    body = consented(api, network)
    before, barrier = network.calls().get("token", 0), Barrier(2)

    def one(_):
        try:
            barrier.wait(timeout=10)
            return complete(api, body).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(one, range(2))) == [200, 400]
    assert network.calls()["token"] - before == 1


# --- Codes --------------------------------------------------------------------------------------------------


def test_a_code_used_before_is_refused(api, network):
    first = consented(api, network)
    complete(api, first)
    second = start(api)

    is_problem(complete(api, {"state": second["state"], "code": first["code"]}), 400, "social_code_refused")
    assert SocialAccount.objects.count() == 1


def test_a_code_of_another_authorization_is_refused_by_its_challenge(api, network):
    """The code that a thief has intercepted is of no use under another state: its challenge is another."""
    of_bob = consented(Api.as_worker(WorkerFactory()), network, "8")
    mine = start(api)

    is_problem(complete(api, {"state": mine["state"], "code": of_bob["code"]}), 400, "social_code_refused")
    nothing_linked()


def test_an_expired_or_forged_code_is_refused_and_spends_the_state(api, network):
    body = consented(api, network)
    network.expire_codes()

    is_problem(complete(api, body), 400, "social_code_refused")
    is_problem(complete(api, body), 400, "social_state_refused")
    is_problem(complete(api, {"state": start(api)["state"], "code": "x" * 1000}), 400, "social_code_refused")
    nothing_linked()


@pytest.mark.parametrize("code", ["", " ", "a b", "\u00e9", "a\nb", "x" * 1001, None, 5])
def test_a_code_has_visible_characters(api, network, code):
    body = {"state": start(api)["state"], "code": code}

    assert is_problem(complete(api, body), 400, "invalid_input")["errors"][0]["pointer"] == "/code"
    assert SocialAuthorization.objects.get().used_at is None


def test_codes_that_are_refused_do_not_make_the_network_look_unwell(api, network):
    for _ in range(6):
        is_problem(
            complete(api, {"state": start(api)["state"], "code": "forged"}), 400, "social_code_refused"
        )

    assert CircuitBreaker.objects.get(pk="social:chirp").state == "closed"
    assert link(api, network)["username"] == "ana"


# --- The network is not well --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "kind"),
    spread(
        product(
            ["token", "userinfo"],
            ["slow", "drips", "error", "huge", "html", "redirect", "garbage", "empty", "reset"],
        ),
        of="bad answers",
        one_in=5,
    ),
)
def test_a_network_without_a_usable_answer_links_nothing(api, network, monkeypatch, caplog, at, kind):
    monkeypatch.setattr(oauth, "CALL_SECONDS", 0.4 if kind in ("slow", "drips") else 10.0)
    body = consented(api, network)
    network.fail(at, kind, seconds=2)
    calls = network.calls()

    is_problem(complete(api, body), 503, "social_network_unavailable")

    nothing_linked()
    assert "social:chirp gives no usable answer" in caplog.text
    assert network.calls()[at] == calls.get(at, 0) + 1
    is_problem(complete(api, body), 400, "social_state_refused")
    assert link(api, network)["username"] == "ana"


def test_a_network_that_keeps_failing_is_not_called_for_a_while(api, network):
    network.fail("token", "error", times=5)
    for _ in range(5):
        is_problem(complete(api, consented(api, network)), 503, "social_network_unavailable")
    body = consented(api, network)
    calls = network.calls()

    answer = complete(api, body)

    numbers = is_problem(answer, 503, "social_network_unavailable")["numbers"]
    assert answer["Retry-After"] == numbers["retry_after_seconds"]
    assert 1 <= int(numbers["retry_after_seconds"]) <= 30
    assert network.calls() == calls
    nothing_linked()
    CircuitBreaker.unguarded.filter(pk="social:chirp").update(retry_at=database_now())
    assert complete(api, body).status_code == 200


def test_calls_hold_at_most_a_quarter_of_the_threads(api, network, settings):
    body = consented(api, network)
    slots = max(settings.WEB_THREADS // 4, 1)
    taken = [authorizing.call_slots.acquire(blocking=False) for _ in range(slots)]
    calls = network.calls()
    try:
        answer = complete(api, body)
    finally:
        authorizing.call_slots.release(slots)

    assert taken == [True] * slots
    is_problem(answer, 503, "social_network_unavailable")
    assert (answer["Retry-After"], network.calls()) == ("2", calls)
    assert complete(api, body).status_code == 200


def test_a_client_that_the_network_refuses_links_nothing(api, settings, caplog):
    network = use_network(settings, client_secret="yesterday's")

    is_problem(complete(api, consented(api, network, "1")), 503, "social_network_unavailable")
    assert "refuses our client: invalid_client" in caplog.text
    nothing_linked()


@pytest.mark.parametrize(
    ("user_id", "username"),
    [
        ("r\u00f6w", "row"),
        ("a b", "row"),
        ("x" * 129, "row"),
        ("70", "row\u202e"),
        ("70", ""),
        ("70", "x" * 129),
        ("70", None),
        ("70", ["row"]),
        ("70", 70),
    ],
)
def test_an_id_or_name_that_cannot_be_kept_links_nothing(api, network, user_id, username):
    network.add_user(user_id, username)
    url = start(api)["authorization_url"]
    sent_back = network.consent(url, user_id)

    is_problem(complete(api, sent_back), 503, "social_network_unavailable")
    nothing_linked()


def test_a_name_in_any_script_is_kept(api, network):
    network.add_user("70", "Zo\u00eb \u91ce\u7530")

    assert link(api, network, "70")["username"] == "Zo\u00eb \u91ce\u7530"


def test_a_network_at_a_private_address_is_not_called(api, network, settings):
    body = consented(api, network)
    settings.SOCIAL_ALLOW_LOOPBACK = False
    calls = network.calls()

    is_problem(complete(api, body), 503, "social_network_unavailable")
    assert network.calls() == calls
    nothing_linked()


def test_a_name_that_leads_to_a_private_address_is_not_called(api, network, settings, monkeypatch):
    body = consented(api, network)
    use_network(settings, token_url="https://inside.example/token")
    settings.SOCIAL_ALLOW_LOOPBACK = False
    monkeypatch.setattr(outbound.socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("10.0.0.7", 443))])

    is_problem(complete(api, body), 503, "social_network_unavailable")
    nothing_linked()


# --- Accounts of two workers --------------------------------------------------------------------------------


def test_an_account_in_use_is_refused_and_both_are_notified(ana, api, network):
    link(api, network)
    bob = WorkerFactory(full_name="Bob")
    his = Api.as_worker(bob)

    is_problem(complete(his, consented(his, network)), 409, "social_account_taken")

    account = SocialAccount.objects.get()
    conflict = SocialConflict.objects.get()
    assert (account.worker, conflict.account, conflict.worker) == (ana, account, bob)
    assert services.send_social_notices() == 2
    letters = {letter.to[0]: letter for letter in mail.outbox[-2:]}
    assert set(letters) == {ana.email, bob.email}
    assert "it stays linked to yours" in letters[ana.email].body
    assert "is linked to another GigStream account" in letters[bob.email].body.replace("\n", " ")
    assert "Bob" not in letters[ana.email].body
    assert "Ana" not in letters[bob.email].body


def test_a_second_try_makes_no_second_letter_for_30_days(ana, api, network):
    link(api, network)
    bob, now = WorkerFactory(), database_now()
    user = SocialUser(NAME, "7", "ana")
    sent = []
    for days in (0, 1, 29, 30):
        at = now + days * DAY
        with pytest.raises(SocialAccountTaken):
            services.link_social_account(worker_id=bob.pk, user=user, now=at)
        sent.append(services.send_social_notices(now=at))

    assert sent == [2, 0, 0, 2]
    assert SocialConflict.objects.count() == 1


def test_an_unlinked_account_is_free_for_others_after_30_days(ana, api, network):
    linked = link(api, network)
    bob = WorkerFactory()
    user = SocialUser(NAME, "7", "ana")
    assert api.post(f"me/social-accounts/{linked['id']}/unlink").json()["items"] == []
    free_at = SocialAccount.objects.get().unlinked_at + 30 * DAY
    his = Api.as_worker(bob)

    body = is_problem(complete(his, consented(his, network)), 409, "social_account_reserved")

    assert body["numbers"] == {"free_at": free_at.isoformat()}
    assert not SocialConflict.objects.exists()
    second = timedelta(seconds=1)
    with pytest.raises(SocialAccountReserved):
        services.link_social_account(worker_id=bob.pk, user=user, now=free_at - second)
    assert services.sweep_social_accounts(now=free_at - second) >= 0
    assert SocialAccount.objects.get().worker == ana
    account = services.link_social_account(worker_id=bob.pk, user=user, now=free_at)
    assert SocialAccount.objects.get() == account
    assert account.worker == bob


def test_its_worker_may_link_it_again_at_any_time(ana, api, network):
    linked = link(api, network)
    api.post(f"me/social-accounts/{linked['id']}/unlink")

    assert link(api, network)["id"] == linked["id"]
    assert SocialAccount.objects.get().unlinked_at is None


def test_an_account_unlinked_30_days_ago_is_deleted(ana, api, network):
    linked = link(api, network)
    api.post(f"me/social-accounts/{linked['id']}/unlink")
    SocialAuthorization.objects.all().delete()
    free_at = SocialAccount.objects.get().unlinked_at + 30 * DAY

    assert services.sweep_social_accounts(now=free_at - timedelta(seconds=1)) == 0
    assert services.sweep_social_accounts(now=free_at) == 1
    assert not SocialAccount.objects.exists()


def test_another_workers_account_is_not_found(api, network):
    linked = link(api, network)
    stranger = Api.as_worker(WorkerFactory())

    is_problem(stranger.post(f"me/social-accounts/{linked['id']}/unlink"), 404, "not_found")
    api.post(f"me/social-accounts/{linked['id']}/unlink")
    is_problem(api.post(f"me/social-accounts/{linked['id']}/unlink"), 404, "not_found")


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_link_an_account_to_one_of_them():
    rivals = [WorkerFactory() for _ in range(6)]
    barrier = Barrier(6)

    def one(worker):
        try:
            barrier.wait(timeout=10)
            services.link_social_account(worker_id=worker.pk, user=SocialUser(NAME, "7", "ana"))
        except SocialAccountTaken:
            return 0
        else:
            return 1
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(one, rivals)) == 1
    account = SocialAccount.objects.get()
    assert SocialConflict.objects.filter(account=account).count() == 5


def test_a_worker_who_leaves_leaves_nothing_behind(ana, api, network):
    link(api, network)
    bob = WorkerFactory()
    his = Api.as_worker(bob)
    complete(his, consented(his, network))
    start(api)

    services.delete_worker(worker_id=ana.pk)

    for model in (SocialAccount, SocialConflict):
        assert not model.objects.exists()
    assert set(SocialAuthorization.objects.values_list("worker", flat=True)) == {bob.pk}
    assert services.send_social_notices() == 0
    assert violated() == {}


def test_a_suspended_worker_links_nothing(ana, api, network):
    Worker.objects.filter(pk=ana.pk).update(status="suspended")
    user = SocialUser(NAME, "7", "ana")

    with pytest.raises(WorkerSuspended):
        services.link_social_account(worker_id=ana.pk, user=user)
    nothing_linked()
