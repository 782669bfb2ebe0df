"""Signing in with a password, staying signed in, and a new password."""

import json
from datetime import timedelta

import jwt
import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache

from audit.models import AuditLog
from gigstream.api.models import AnsweredRequest
from gigstream.core.clock import database_now
from gigstream.sign_in.devices import known_device
from gigstream.sign_in.errors import SignInLocked, SignInRefused
from gigstream.sign_in.models import SignInAttempts
from reputation.models import WorkerTie
from tests.support.api.client import Api
from tests.support.api.sign_in import (
    ANA,
    MINUTE,
    NEW,
    PASSWORD,
    as_bearer,
    is_refused,
    opens,
    refreshed,
    sign_in,
    token_in_mail,
)
from tests.support.decisions import reinstate_worker, suspend_worker
from tests.support.factories import PlatformFactory, WorkerFactory
from workers import services
from workers.models import RefreshToken, Worker, WorkerSession
from workers.sign_in import tokens

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_counts():
    cache.clear()


@pytest.fixture
def ana():
    return WorkerFactory(email=ANA["email"], password=PASSWORD)


# --- Sign in --------------------------------------------------------------------------------------------


def test_a_worker_signs_in_and_it_is_on_record(ana):
    answer = sign_in(email=" Ana@Example.com".strip())

    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert as_bearer(answer.json()["access_token"]).get("me").json()["id"] == str(ana.pk)
    line = AuditLog.objects.get(action="session.open")
    assert (line.actor_type, line.actor_id, line.success) == ("worker", str(ana.pk), True)
    assert line.request_id == answer["X-Request-Id"]
    ana.refresh_from_db()
    assert ana.last_login_at == WorkerSession.objects.get().created_at


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer_for_the_same_work(ana, monkeypatch):
    hashed = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher, "encode", lambda self, *given: hashed.append(1) or encode(self, *given)
    )
    answers, work = [], []
    for changes in ({"password": "wrong"}, {"email": "nobody@example.com"}):
        hashed.clear()
        answers.append(sign_in(**changes))
        work.append(len(hashed))

    for answer in answers:
        is_refused(answer, 401, "sign_in_refused")
    bodies = [{**json.loads(one.content), "request_id": ""} for one in answers]
    assert bodies[0] == bodies[1]
    assert work == [1, 1]
    assert AuditLog.objects.filter(action="session.open", success=False).count() == 2


def test_a_worker_without_a_password_cannot_sign_in_with_one():
    WorkerFactory(email=ANA["email"])

    is_refused(sign_in(), 401, "sign_in_refused")
    is_refused(sign_in(password="!"), 401, "sign_in_refused")


def test_a_suspended_worker_is_told_so_only_with_the_right_password(ana):
    suspend_worker(worker_id=ana.pk, reason="fraud")

    is_refused(sign_in(password="wrong"), 401, "sign_in_refused")
    is_refused(sign_in(), 403, "worker_suspended")
    assert not WorkerSession.objects.exists()


def test_a_deleted_worker_is_unknown(ana):
    services.delete_worker(worker_id=ana.pk)

    is_refused(sign_in(), 401, "sign_in_refused")


def test_nothing_secret_is_kept_or_logged(ana, caplog):
    caplog.set_level("DEBUG")
    answer = Api().post("auth/login", ANA, key="one").json()
    Api().post("auth/login", {**ANA, "password": "wrong-secret"})
    Api().post("auth/refresh", {"refresh_token": answer["refresh_token"]}, key="two")

    assert not AnsweredRequest.objects.exists()
    kept = caplog.text + repr(list(AuditLog.objects.values()))
    for secret in (
        PASSWORD,
        "wrong-secret",
        "ana@example.com",
        answer["refresh_token"],
        answer["access_token"],
    ):
        assert secret not in kept
    assert not RefreshToken.objects.filter(token_hash=answer["refresh_token"]).exists()
    assert PASSWORD not in Worker.objects.get().password_hash


def test_a_password_changed_while_it_was_being_checked_opens_nothing(ana, monkeypatch):
    services.request_password_reset(email=ana.email)
    token = token_in_mail()

    def check(password, encoded):
        services.reset_password(token=token, password=NEW)
        return True

    monkeypatch.setattr("workers.sign_in.services.signing_in.check_password", check)

    is_refused(sign_in(), 401, "sign_in_refused")
    assert not WorkerSession.objects.exists()


# --- Guessing -----------------------------------------------------------------------------------------------


def from_address(address, client=None, **changes):
    return (client or Api()).client.post(
        "/api/v1/auth/login",
        json.dumps({**ANA, **changes}),
        content_type="application/json",
        REMOTE_ADDR=address,
    )


def test_five_failures_of_a_stranger_do_not_lock_the_owner_out_elsewhere(ana):
    for _ in range(6):
        from_address("203.0.113.9", password="wrong")

    is_refused(from_address("203.0.113.9"), 429, "sign_in_locked")
    assert from_address("198.51.100.7").status_code == 200


def test_fifty_failures_in_a_day_from_anywhere_lock_the_name_but_not_a_known_device(ana):
    known = Api()
    assert from_address("198.51.100.7", known).status_code == 200
    cookie = known.client.cookies["gigstream_device"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/api/v1/auth/login")
    for number in range(50):
        from_address(f"203.0.113.{number}", password="wrong")

    is_refused(from_address("198.51.100.8"), 429, "sign_in_locked")
    assert from_address("198.51.100.7", known).status_code == 200
    is_refused(from_address("198.51.100.8"), 429, "sign_in_locked")
    later = database_now() + timedelta(hours=25)
    assert services.sign_in(email=ana.email, password=PASSWORD, now=later)


def test_a_known_device_is_that_of_one_name_and_has_five_tries_of_its_own(ana):
    device = Api()
    assert from_address("198.51.100.7", device).status_code == 200
    for _ in range(5):
        is_refused(from_address("198.51.100.7", device, password="wrong"), 401, "sign_in_refused")
    is_refused(from_address("198.51.100.7", device), 429, "sign_in_locked")
    text = device.client.cookies["gigstream_device"].value
    assert known_device(ana.email, text)
    for name, cookie in (("bo@example.com", text), (ana.email, text[:-1]), (ana.email, "")):
        assert known_device(name, cookie) is None


@pytest.mark.parametrize("email", [ANA["email"], "nobody@example.com"])
def test_five_failures_lock_an_address_known_or_not(ana, email):
    for _ in range(5):
        is_refused(sign_in(email=email, password="wrong"), 401, "sign_in_refused")

    answer = sign_in(email=email)
    is_refused(answer, 429, "sign_in_locked")
    assert 890 <= int(answer["Retry-After"]) <= 900
    assert not WorkerSession.objects.exists()


def test_a_lock_ends_15_minutes_after_the_fifth_failure_however_often_somebody_knocks(ana):
    now = database_now()
    for second in range(5):
        with pytest.raises(SignInRefused):
            services.sign_in(email=ana.email, password="wrong", now=now + timedelta(seconds=second))
    fifth = now + timedelta(seconds=4)
    for at in (fifth, fifth + MINUTE, fifth + 15 * MINUTE - timedelta(seconds=1)):
        with pytest.raises(SignInLocked):
            services.sign_in(email=ana.email, password=PASSWORD, now=at)

    assert services.sign_in(email=ana.email, password=PASSWORD, now=fifth + 15 * MINUTE).worker_id == ana.pk
    assert not SignInAttempts.objects.exclude(source_hash="").exists()
    # The day's failures under the name stay counted: the success does not add to them.
    assert SignInAttempts.objects.get().tries == 5


def test_a_success_and_a_quarter_of_an_hour_forgive_the_failures_before(ana):
    now = database_now()

    def fail(times, at):
        for _ in range(times):
            with pytest.raises(SignInRefused):
                services.sign_in(email=ana.email, password="wrong", now=at)

    fail(4, now)
    services.sign_in(email=ana.email, password=PASSWORD, now=now)
    fail(4, now)
    fail(4, now + 15 * MINUTE)
    assert services.sign_in(email=ana.email, password=PASSWORD, now=now + 16 * MINUTE)


def test_too_many_failures_from_one_network_address_are_stopped_whatever_the_account(ana, settings):
    settings.SIGN_IN_FAILURES_PER_ADDRESS = 6
    for number in range(6):
        is_refused(sign_in(email=f"{number}@example.com"), 401, "sign_in_refused")

    is_refused(sign_in(), 429, "sign_in_locked")
    elsewhere = Api()
    answer = elsewhere.client.post(
        "/api/v1/auth/login", json.dumps(ANA), content_type="application/json", REMOTE_ADDR="10.0.0.9"
    )
    assert answer.status_code == 200


def test_failures_from_one_ipv6_64_are_counted_as_those_of_one_address(ana, settings):
    settings.SIGN_IN_FAILURES_PER_ADDRESS = 6

    for number in range(6):
        is_refused(
            from_address(f"2001:db8:1:2::{number:x}", email=f"{number}@example.com"),
            401,
            "sign_in_refused",
        )

    is_refused(from_address("2001:db8:1:2:ffff::1"), 429, "sign_in_locked")
    assert from_address("2001:db8:1:3::1").status_code == 200


def test_without_redis_nobody_may_guess(ana, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }

    answer = sign_in()

    is_refused(answer, 503, "unavailable")
    assert answer["Retry-After"] == "5"


# --- Access tokens ------------------------------------------------------------------------------------------


@pytest.fixture
def session(ana):
    return services.sign_in(email=ana.email, password=PASSWORD)


def claims_of(token):
    return jwt.decode(token, options={"verify_signature": False})


def forged(token, key=None, algorithm="HS256", **changes):
    claims = {name: value for name, value in {**claims_of(token), **changes}.items() if value is not None}
    return jwt.encode(claims, tokens._signing_key() if key is None else key, algorithm=algorithm)


def test_a_token_says_who_when_and_what_for(ana, session):
    claims = claims_of(session.access_token)

    assert set(claims) == {"sub", "sid", "jti", "iat", "exp", "typ", "aud"}
    assert claims["sub"] == str(ana.pk)
    assert claims["exp"] - claims["iat"] == 86_400
    again = services.sign_in(email=ana.email, password=PASSWORD)
    assert claims_of(again.access_token)["jti"] != claims["jti"]


def test_a_token_is_held_to_its_key_algorithm_kind_audience_and_time(session):
    genuine = session.access_token
    assert opens(genuine)
    assert opens(forged(genuine))
    now = int(database_now().timestamp())
    for token in (
        forged(genuine, key="k" * 32),
        forged(genuine, key="", algorithm="none"),
        forged(genuine, key=tokens._signing_key() * 2, algorithm="HS512"),
        forged(genuine, algorithm="HS384", key=tokens._signing_key() + b"x" * 16),
        forged(genuine, typ="refresh"),
        forged(genuine, aud="elsewhere"),
        forged(genuine, exp=now - 1),
        forged(genuine, iat=now + 60),
        *(forged(genuine, **{name: None}) for name in claims_of(genuine)),
        *(forged(genuine, sub=sub) for sub in ("x", str(WorkerFactory().pk), "1")),
        *(forged(genuine, sid=sid) for sid in ("x", str(WorkerFactory().pk))),
        *(forged(genuine, exp=value) for value in ("soon", 10**30)),
        genuine[:-2],
        genuine + "x" * 3000,
        session.refresh_token,
    ):
        assert not opens(token), token


def test_a_token_ends_after_24_hours(ana, session):
    now = database_now()
    sid = WorkerSession.objects.get().pk
    old = tokens.make_access_token(worker_id=ana.pk, session_id=sid, now=now - timedelta(hours=24))
    young = tokens.make_access_token(
        worker_id=ana.pk, session_id=sid, now=now - timedelta(hours=23, minutes=59)
    )

    assert (opens(old), opens(young)) == (False, True)


def test_the_tokens_of_a_suspended_worker_stand_still(ana, session):
    suspend_worker(worker_id=ana.pk, reason="fraud")
    assert not opens(session.access_token)
    is_refused(refreshed(session.refresh_token), 403, "worker_suspended")

    reinstate_worker(worker_id=ana.pk, reason="cleared")
    assert opens(session.access_token)


def test_the_tokens_of_a_deleted_worker_open_nothing(ana, session):
    Worker.objects.filter(pk=ana.pk).update(deleted_at=database_now())

    assert not opens(session.access_token)
    is_refused(refreshed(session.refresh_token), 401, "session_over")


def test_a_platforms_key_is_not_for_workers_addresses_and_the_other_way_round(session):
    answer = Api.of(PlatformFactory()).get("me")
    is_refused(answer, 403, "not_permitted")
    is_refused(as_bearer(session.access_token).get("tasks"), 403, "not_permitted")


def test_who_calls_is_found_with_one_query(session, django_assert_num_queries):
    with django_assert_num_queries(1):
        as_bearer(session.access_token).get("me")


# --- Refresh and logout -------------------------------------------------------------------------------------


def test_a_refresh_token_gives_new_ones_and_works_once(session):
    first = refreshed(session.refresh_token)

    assert first.status_code == 200
    assert opens(first.json()["access_token"])
    assert refreshed(first.json()["refresh_token"]).status_code == 200
    assert AuditLog.objects.filter(action="session.refresh", actor_type="worker").count() == 2


def test_a_refresh_token_used_again_ends_its_session_for_both_holders(ana, session):
    elsewhere = services.sign_in(email=ana.email, password=PASSWORD)
    thief = refreshed(session.refresh_token).json()

    is_refused(refreshed(session.refresh_token), 401, "session_over")
    is_refused(refreshed(thief["refresh_token"]), 401, "session_over")
    assert not opens(thief["access_token"])
    assert not opens(session.access_token)
    assert WorkerSession.objects.get(revoked_because="token_reused")
    assert opens(elsewhere.access_token)


@pytest.mark.parametrize("token", ["", "gr_", "gr_" + "x" * 43, None, 7, "x" * 201])
def test_what_is_no_refresh_token_is_refused(token):
    answer = refreshed(token)

    assert answer.status_code in (400, 401)
    assert not WorkerSession.objects.exists()


def test_an_access_token_is_no_refresh_token(session):
    is_refused(Api().post("auth/refresh", {"refresh_token": session.access_token[:200]}), 401, "session_over")


def test_a_refresh_token_ends_after_30_days_without_use(session):
    later = database_now() + timedelta(days=30)

    with pytest.raises(Exception, match="session is over"):
        services.refresh_session(token=session.refresh_token, now=later)
    renewed = services.refresh_session(token=session.refresh_token, now=later - MINUTE)
    assert services.refresh_session(token=renewed.refresh_token, now=later + MINUTE)


def test_signing_out_ends_the_session_and_its_tokens(ana, session):
    answer = Api().post("auth/logout", {"refresh_token": session.refresh_token})

    assert (answer.status_code, answer.json()) == (200, {"signed_in": False})
    assert not opens(session.access_token)
    is_refused(refreshed(session.refresh_token), 401, "session_over")
    line = AuditLog.objects.get(action="session.close")
    assert (line.actor_id, line.metadata["because"]) == (str(ana.pk), "signed_out")
    unknown = Api().post("auth/logout", {"refresh_token": "gr_" + "x" * 43})
    assert unknown.json() == answer.json()


def test_a_browser_keeps_one_random_id_for_all_who_sign_in_there(ana):
    browser = Api()
    assert from_address("198.51.100.7", browser).status_code == 200
    cookie = browser.client.cookies["gigstream_browser"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/api/v1/auth/")

    again = from_address("198.51.100.7", browser)

    assert "gigstream_browser" not in again.cookies
    assert WorkerTie.objects.filter(worker=ana, kind="device").count() == 1


def test_an_app_names_its_own_device(ana):
    device = "an-app-of-mine-0001"
    answer = Api().post("auth/login", {"email": ana.email, "password": PASSWORD, "device_id": device})

    assert answer.status_code == 200
    renewed = Api().post(
        "auth/refresh", {"refresh_token": answer.json()["refresh_token"], "device_id": device}
    )
    assert renewed.status_code == 200
    assert WorkerTie.objects.filter(worker=ana, kind="device").count() == 1


@pytest.mark.parametrize("device", ["short", "x" * 65])
def test_a_device_id_of_a_wrong_length_is_refused(ana, device):
    answer = Api().post("auth/login", {"email": ana.email, "password": PASSWORD, "device_id": device})

    is_refused(answer, 400, "invalid_input")
    assert not WorkerTie.objects.exists()
