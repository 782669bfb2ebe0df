"""Sign-in of staff: password and code, few tries, short sessions; and how they change their own."""

import base64
import re
import time
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp

from audit.models import AuditLog
from gigstream.core.clock import database_now
from gigstream.jobs.models import JobHeartbeat
from gigstream.jobs.registry import scheduled_jobs
from gigstream.sign_in import guessing
from gigstream.staff import middleware
from gigstream.staff.models import Authenticator, RecoveryCodes
from gigstream.staff.sign_in_pages import OFFERED
from tests.support.database.reader import reading_only

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_the_menu")]

PASSWORD = "a long passphrase of ann's"
LOGIN, HOME, FACTOR = "/admin/login/", "/admin/", "/admin/second-factor/"


@pytest.fixture(autouse=True)
def calm():
    cache.clear()


@pytest.fixture
def ann() -> User:
    return User.objects.create_superuser("ann", "ann@gigstream.example", PASSWORD)


def sign_in(client: Client, username="ann", password=PASSWORD, code="") -> str:
    """Return the page that follows: its address, or the form's message."""
    response = client.post(LOGIN, {"username": username, "password": password, "code": code})
    return response["Location"] if response.status_code == 302 else unescape(response.content.decode())


def code_of(user: User, steps: int = 0) -> str:
    key = bytes.fromhex(Authenticator.objects.filter(user=user).latest("id").key)
    return f"{totp(key, t0=-30 * steps):06}"


def enrolled(user: User, client: Client) -> list[str]:
    """Give the person an authenticator and return the recovery codes. Its next code is that of the next
    step."""
    client.post(FACTOR, {"set_up": ""})
    page = client.post(FACTOR, {"code": code_of(user)}).content.decode()
    return re.findall(r"<li><code>(\w+)</code>", page)


def acts(user: User) -> list[tuple[str, bool]]:
    lines = AuditLog.objects.filter(resource_type="user", resource_id=str(user.pk)).order_by("id")
    return list(lines.values_list("action", "success"))


REFUSED = "the name, the password or the code is wrong"


def test_a_password_is_enough_where_a_second_factor_is_optional_and_there_is_none(ann, client):
    assert sign_in(client) == HOME
    assert client.get(HOME).status_code == 200
    line = AuditLog.objects.get(action="staff.sign_in")
    assert (line.actor_type, line.actor_id, line.metadata) == (
        "staff",
        str(ann.pk),
        {"second_factor": "none"},
    )


def test_where_it_is_required_nothing_else_opens_before_there_is_one(ann, client, settings):
    settings.STAFF_TWO_FACTOR = "required"
    sign_in(client)
    for url in (HOME, "/admin/workers/worker/", reverse("console:queue", args=["loans"])):
        assert client.get(url)["Location"] == FACTOR

    codes = enrolled(ann, client)

    assert len(codes) == 10
    assert client.get(HOME).status_code == 200
    assert acts(ann) == [("staff.sign_in", True), ("staff.add_second_factor", True)]


def test_who_has_a_second_factor_comes_in_with_its_code_once(ann, client):
    client.force_login(ann)
    enrolled(ann, client)
    other = Client()

    assert REFUSED in sign_in(other)
    assert REFUSED in sign_in(other, code=code_of(ann))  # used when the app was taken on
    Authenticator.objects.update(throttling_failure_count=0)
    code = code_of(ann, steps=1)
    assert sign_in(other, code=code) == HOME
    assert REFUSED in sign_in(Client(), code=code)


def test_a_wrong_code_is_slowed_down_even_when_the_next_is_right(ann, client):
    client.force_login(ann)
    enrolled(ann, client)
    assert REFUSED in sign_in(Client(), code="000000")
    assert REFUSED in sign_in(Client(), code=code_of(ann, steps=1))


def test_a_recovery_code_opens_once(ann, client):
    client.force_login(ann)
    codes = enrolled(ann, client)
    assert sign_in(Client(), code=codes[3].upper()) == HOME
    assert REFUSED in sign_in(Client(), code=codes[3])
    assert len(RecoveryCodes.objects.get(user=ann).hashes) == 9


def test_new_recovery_codes_end_the_old_ones(ann, client):
    client.force_login(ann)
    old = enrolled(ann, client)
    assert "10 recovery codes left" in client.get(FACTOR).content.decode()
    assert "the code is wrong" in client.post(FACTOR, {"code": "123"}).content.decode()
    Authenticator.objects.update(throttling_failure_count=0)

    page = client.post(FACTOR, {"code": code_of(ann, steps=1)}).content.decode()

    new = re.findall(r"<li><code>(\w+)</code>", page)
    assert len(new) == 10
    assert not set(new) & set(old)
    assert sign_in(Client(), code=new[0]) == HOME


def test_the_page_shows_the_key_as_a_picture_drawn_here(ann, client):
    client.force_login(ann)
    with reading_only():
        assert "You have no second factor yet" in client.get(FACTOR).content.decode()
    page = client.post(FACTOR, {"set_up": ""}, follow=True).content.decode()
    assert '<img src="data:image/svg+xml' in page
    key = base64.b32encode(bytes.fromhex(Authenticator.objects.get(user=ann).key)).decode()
    assert key in page.replace(" ", "")


def test_keys_and_codes_are_not_in_the_tables(ann, client):
    client.force_login(ann)
    codes = enrolled(ann, client)
    key = Authenticator.objects.get(user=ann).key
    with connection.cursor() as cursor:
        cursor.execute("SELECT a::text || r::text FROM staff_authenticators a, staff_recovery_codes r")
        (text,) = cursor.fetchone()
    assert key not in text
    assert not any(code in text for code in codes)


# --- Tries --------------------------------------------------------------------------------------------------
def test_failures_of_a_stranger_lock_staff_out_only_there(ann, client):
    stranger = Client(REMOTE_ADDR="203.0.113.9")
    for _ in range(guessing.TRIES):
        assert REFUSED in sign_in(stranger, password="wrong")

    assert "too many failures" in sign_in(stranger)
    assert sign_in(client) == HOME


def test_a_known_device_and_a_second_factor_open_a_name_that_is_locked_everywhere(ann, client):
    assert sign_in(client) == HOME
    cookie = client.cookies["gigstream_device"]
    assert (cookie["httponly"], cookie["path"]) == (True, LOGIN)
    enrolled(ann, client)
    client.post("/admin/logout/")
    for number in range(guessing.TRIES_A_DAY):
        sign_in(Client(REMOTE_ADDR=f"203.0.113.{number}"), password="wrong")
    Authenticator.objects.update(throttling_failure_count=0)

    assert "too many failures" in sign_in(Client())
    assert sign_in(Client(), code=code_of(ann, steps=1)) == HOME
    Authenticator.objects.update(last_step=-1)
    assert sign_in(client, code=code_of(ann, steps=1)) == HOME


def test_five_failures_lock_the_name_and_address_for_15_minutes(ann, client):
    for _ in range(guessing.TRIES):
        assert REFUSED in sign_in(client, password="wrong")

    assert "too many failures" in sign_in(client)
    assert ("staff.sign_in", False) in acts(ann)
    assert AuditLog.objects.filter(metadata__code="sign_in_locked", resource_id=str(ann.pk)).count() == 1

    with connection.cursor() as cursor:
        cursor.execute("UPDATE sign_in_attempts SET last_at = last_at - interval '15 minutes'")
    assert sign_in(client) == HOME


def test_a_name_that_nobody_has_is_locked_alike(ann, client):
    said = {sign_in(client, username="nobody", password="x").count(REFUSED) for _ in range(guessing.TRIES)}
    assert said == {1}
    assert "too many failures" in sign_in(client, username="nobody", password="x")
    assert not AuditLog.objects.exclude(resource_id="").filter(action="staff.sign_in").exists()


def test_an_address_with_many_failures_is_not_heard(ann, client, settings):
    settings.SIGN_IN_FAILURES_PER_ADDRESS = 5
    for number in range(5):
        sign_in(client, username=f"guess{number}", password="x")
    assert "too many failures" in sign_in(client)


def test_who_is_no_staff_or_switched_off_does_not_come_in(client):
    User.objects.create_user("ann", password=PASSWORD)
    User.objects.create_superuser("bob", password=PASSWORD, is_active=False)
    assert REFUSED in sign_in(client)
    assert REFUSED in sign_in(client, username="bob")


# --- Sessions -----------------------------------------------------------------------------------------------
def aged(client: Client, **seconds: int) -> None:
    session = client.session
    for name, age in seconds.items():
        session[name] = int(time.time()) - age
    session.save()


def test_a_session_lasts_30_minutes_from_the_last_click(ann, client, settings):
    assert settings.SESSION_COOKIE_AGE == 30 * 60
    sign_in(client)
    aged(client, seen_at=middleware.PROLONGED_AFTER_SECONDS)
    assert client.get(HOME).cookies["sessionid"]["max-age"] == 30 * 60
    assert "sessionid" not in client.get(HOME).cookies


def test_a_session_ends_12_hours_after_it_began_whatever_is_done(ann, client):
    sign_in(client)
    aged(client, began_at=12 * 3600 - 5)
    assert client.get(HOME).status_code == 200
    aged(client, began_at=12 * 3600)
    assert client.get(HOME)["Location"].startswith(LOGIN)


def test_leaving_is_on_record_and_so_is_why(ann, client):
    sign_in(client)
    client.post("/admin/logout/")
    sign_in(client)
    aged(client, began_at=12 * 3600)
    client.get(HOME)

    assert acts(ann) == [("staff.sign_in", True), ("staff.sign_out", True)] * 2
    left = AuditLog.objects.filter(action="staff.sign_out").order_by("id")
    assert [(line.actor_id, line.metadata["because"]) for line in left] == [
        (str(ann.pk), "asked"),
        (str(ann.pk), "time"),
    ]


def test_the_job_clears_sessions_that_are_over_some_at_a_time(ann, monkeypatch):
    live, *late = (Client() for _ in range(4))
    for client in (live, *late):
        sign_in(client)
    ended = [client.session.session_key for client in late]
    Session.objects.filter(pk__in=ended).update(expire_date=database_now())
    monkeypatch.setattr("gigstream.core.postgres.transactions.DELETED_AT_ONCE", 2)
    (sweep,) = (one for one in scheduled_jobs() if one.name == "sweep_staff_sign_in")

    assert [sweep.run(), sweep.run(), sweep.run()] == [2, 1, 0]

    assert list(Session.objects.values_list("pk", flat=True)) == [live.session.session_key]
    assert JobHeartbeat.objects.get(name="sweep_staff_sign_in").last_error == ""


# --- Own password and second factor -------------------------------------------------------------------------
def change_password(client: Client, old: str, new: str) -> int:
    form = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post("/admin/password_change/", form).status_code


def test_ones_own_password_is_changed_on_record_and_ends_the_other_sessions(ann, client):
    other = Client()
    for one in (client, other):
        sign_in(one)

    assert change_password(client, "a guess", "another long passphrase") == 200
    ann.refresh_from_db()
    assert ann.check_password(PASSWORD)
    assert change_password(client, PASSWORD, "another long passphrase") == 302

    ann.refresh_from_db()
    assert ann.check_password("another long passphrase")
    assert acts(ann)[2:] == [("staff.change_password", False), ("staff.change_password", True)]
    assert (client.get(HOME).status_code, other.get(HOME).status_code) == (200, 302)


def test_the_old_password_is_not_guessed_from_an_open_session(ann, client):
    sign_in(client)
    for number in range(guessing.TRIES):
        change_password(client, f"guess {number}", "another long passphrase")
    assert change_password(client, PASSWORD, "another long passphrase") == 200
    ann.refresh_from_db()
    assert ann.check_password(PASSWORD)


def replace(client: Client, **given: str) -> str:
    return unescape(client.post(f"{FACTOR}replace/", given).content.decode())


def test_an_app_is_replaced_by_who_has_the_password_and_a_code_of_the_old_one(ann, client, settings):
    settings.STAFF_TWO_FACTOR = "required"
    sign_in(client)
    old_codes = enrolled(ann, client)
    other = Client()
    sign_in(other, code=old_codes[0])
    old = Authenticator.objects.get(user=ann)
    assert f"{FACTOR}replace/" in client.get(FACTOR).content.decode()

    for wrong in ({"password": "x", "code": old_codes[1]}, {"password": PASSWORD, "code": "000000"}):
        assert "the password or the code is wrong" in replace(client, **wrong)
    assert not Authenticator.objects.filter(confirmed=False).exists()
    page = replace(client, password=PASSWORD, code=old_codes[1].upper())
    key = base64.b32encode(bytes.fromhex(Authenticator.objects.get(confirmed=False).key)).decode()
    assert key in page.replace(" ", "")

    # Until the new app has shown a code, the old app counts, here and everywhere.
    assert "Confirm your identity" in other.get(f"{FACTOR}replace/").content.decode()
    assert "the code is wrong" in replace(client, code="000000")
    Authenticator.objects.update(throttling_failure_count=0)
    assert Authenticator.objects.get(confirmed=True) == old
    assert other.get(HOME).status_code == 200
    page = replace(client, code=code_of(ann))

    codes = re.findall(r"<li><code>(\w+)</code>", page)
    assert len(set(codes) - set(old_codes)) == 10
    assert (client.get(HOME).status_code, other.get(HOME).status_code) == (200, 302)
    assert acts(ann)[-3:] == [
        ("staff.replace_second_factor", False),
        ("staff.replace_second_factor", False),
        ("staff.replace_second_factor", True),
    ]
    assert not Authenticator.objects.filter(pk=old.pk).exists()
    assert REFUSED in sign_in(Client(), code=f"{totp(bytes.fromhex(old.key), t0=-30):06}")
    Authenticator.objects.update(throttling_failure_count=0)
    assert REFUSED in sign_in(Client(), code=old_codes[2])
    RecoveryCodes.objects.update(throttling_failure_count=0)
    assert sign_in(Client(), code=code_of(ann, steps=1)) == HOME


def test_a_new_app_is_offered_for_ten_minutes(ann, client):
    sign_in(client)
    assert client.get(f"{FACTOR}replace/")["Location"] == FACTOR
    codes = enrolled(ann, client)
    replace(client, password=PASSWORD, code=codes[0])
    session = client.session
    session[OFFERED] = [session[OFFERED][0], int(time.time())]
    session.save()

    assert "the password or the code is wrong" in replace(client, code=code_of(ann))
    assert acts(ann)[-1] == ("staff.replace_second_factor", False)
