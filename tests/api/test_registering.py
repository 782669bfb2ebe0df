"""Registering: an address belongs to the reader of its letters, and nobody learns who has an account."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditLog
from gigstream.core.clock import database_now
from tests.support.api.client import Api, is_problem
from tests.support.api.sign_in import ANA, PASSWORD, REGISTER, as_bearer, is_refused, sign_in
from tests.support.factories import WorkerFactory
from workers import services
from workers.models import Registration, Worker
from workers.sign_in.errors import RegistrationRefused

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_counts():
    cache.clear()


@pytest.fixture
def ana():
    return WorkerFactory(email=ANA["email"], password=PASSWORD)


def letter_token(now=None):
    services.send_registrations(now=now)
    return re.search(r"^token: (gt_\S+)$", mail.outbox[-1].body, re.MULTILINE)[1]


def confirm_registration(token):
    return Api().post("auth/confirm", {"token": token})


def test_a_person_registers_confirms_and_is_signed_in():
    answer = Api().post("auth/register", REGISTER)

    assert (answer.status_code, set(answer.json())) == (202, {"detail"})
    assert not Worker.objects.exists()
    token = letter_token()
    assert mail.outbox[-1].to == ["ana@example.com"]
    answer = confirm_registration(token)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 86_400)
    me = as_bearer(body["access_token"]).get("me").json()
    assert (me["id"], me["email"], me["full_name"]) == (body["worker_id"], "ana@example.com", "Ana Lima")
    assert me["wallet_address"] is None
    assert not {"password_hash", "wallet_id", "metadata", "deleted_at"} & set(me)
    line = AuditLog.objects.get(action="worker.register")
    assert (line.actor_type, line.actor_id) == ("worker", me["id"])
    assert Worker.objects.get().email_proved_at is not None
    is_refused(confirm_registration(token), 400, "registration_refused")
    assert sign_in().status_code == 200


def test_a_registration_that_nobody_confirms_takes_no_address():
    """Registering another's address gives nothing; its owner registers and confirms as if it had not
    happened."""
    Api().post("auth/register", {**REGISTER, "password": "the password of a stranger"})
    strangers = letter_token()
    Api().post("auth/register", REGISTER)
    assert confirm_registration(letter_token()).status_code == 201

    is_refused(sign_in(password="the password of a stranger"), 401, "sign_in_refused")
    is_refused(confirm_registration(strangers), 409, "email_taken")
    assert sign_in().status_code == 200


def test_registering_answers_the_same_and_does_the_same_for_who_has_an_account(ana):
    """By the statements of the request, not by its time: nothing is looked up before the answer."""
    answers, statements = [], []
    for email in (ana.email, "nobody@example.com"):
        with CaptureQueriesContext(connection) as captured:
            answers.append(Api().post("auth/register", {**REGISTER, "email": email}))
        statements.append([re.sub(r"'[^']*'|\d+", "?", one["sql"]) for one in captured])

    assert [(one.status_code, one.content) for one in answers] == [(202, answers[0].content)] * 2
    assert statements[0] == statements[1]
    services.send_registrations()
    letters = {one.to[0]: one for one in mail.outbox}
    assert "You have an account already" in letters[ana.email].body
    assert "token:" not in letters[ana.email].body
    assert "token: gt_" in letters["nobody@example.com"].body
    assert Worker.objects.count() == 1


def test_a_registration_lasts_24_hours():
    now = database_now()
    services.request_registration(**REGISTER, now=now)
    token = letter_token(now=now)

    with pytest.raises(RegistrationRefused):
        services.confirm_registration(token=token, now=now + timedelta(hours=24))
    assert services.confirm_registration(token=token, now=now + timedelta(hours=23)).worker_id


def test_one_address_gets_ten_letters_a_day_however_often_somebody_registers_it():
    now = database_now()
    for _ in range(12):
        services.request_registration(**REGISTER, now=now)
    assert services.send_registrations(now=now) == 10
    services.request_registration(**REGISTER, now=now + timedelta(hours=24))
    assert services.send_registrations(now=now + timedelta(hours=24)) == 1


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        *(({"password": text}, 422, "weak_password") for text in ("short", "password123", "1234567890")),
        ({"password": "ana@example.com"}, 422, "weak_password"),
        *(
            ({"email": text}, 400, "invalid_input")
            for text in ("ana", "a@b", "", None, 5, "a" * 300 + "@x.com")
        ),
        *(({"full_name": value}, 400, "invalid_input") for value in ("", "  ", None, 7, "a" * 121)),
        *(({"full_name": name}, 400, "invalid_input") for name in ("Ana\u202eamiL", "Ana\nLima", "\u200b")),
        *(
            ({name: "0x" + "ab" * 20}, 400, "invalid_input")
            for name in ("wallet_address", "id", "status", "reputation_score", "wallet_id")
        ),
    ],
)
def test_a_bad_registration_is_refused(changes, status, code):
    is_refused(Api().post("auth/register", {**REGISTER, **changes}), status, code)
    assert not Registration.objects.exists()


def test_a_refused_confirmation_is_on_record():
    for _ in range(2):
        services.request_registration(**REGISTER)
    services.send_registrations()
    for one in mail.outbox:
        confirm_registration(re.search(r"gt_\S+", one.body)[0])

    line = AuditLog.objects.get(action="worker.register", success=False)
    assert (line.actor_type, line.metadata["code"]) == ("worker", "email_taken")
    assert "ana@" not in line.error_message


# --- Letters of a test database -----------------------------------------------------------------------------


@pytest.fixture
def kept(settings, tmp_path):
    settings.EMAIL_BACKEND = "gigstream.network.mail_files.MailFiles"
    settings.MAIL_DIR = tmp_path / "mail"
    return settings.MAIL_DIR


def test_a_test_database_keeps_its_letters_for_programs(kept, capsys):
    services.request_registration(**REGISTER)
    services.request_registration(**{**REGISTER, "email": "bo@b\u00fccher.example"})
    assert services.send_registrations() == 2

    (letter,) = Api().get("test/letters", to="ANA@example.com").json()["items"]
    assert (letter["to"], letter["subject"]) == ("ana@example.com", "Confirm your GigStream account")
    token = re.search(r"^token: (gt_\S+)$", letter["text"], re.MULTILINE)[1]
    assert token in capsys.readouterr().out
    assert confirm_registration(token).status_code == 201
    (other,) = Api().get("test/letters", to="bo@xn--bcher-kva.example").json()["items"]
    assert other["to"] == "bo@xn--bcher-kva.example"
    names = sorted(path.name for path in kept.iterdir())
    assert all(re.fullmatch(r"\d{8}T\d{6}\.\d{6}Z-[0-9a-f-]{36}\.eml", name) for name in names)
    assert len(names) == 2


def test_letters_are_those_to_the_address_that_is_named(kept):
    services.request_registration(**REGISTER)
    services.send_registrations()

    assert Api().get("test/letters").json() == {"items": []}
    User.objects.create_user("ana", "ana@example.com", is_staff=True)
    assert Api().get("test/letters", to="Ana@example.com").json() == {"items": []}
    is_problem(Api().get("test/letters", to="nobody"), 400, "invalid_input")
    assert Api().get("test/letters", to="nobody@example.com").json() == {"items": []}


# --- Where a worker lives -----------------------------------------------------------------------------------


def test_a_country_is_the_workers_own_word_and_changes_once_in_90_days(ana):
    api = Api.as_worker(ana)
    assert api.get("me").json()["country"] == ""
    answer = api.patch("me", {"country": "NL", "time_zone": "Europe/Amsterdam", "full_name": "Ana"}).json()
    assert (answer["country"], answer["time_zone"], answer["full_name"]) == ("NL", "Europe/Amsterdam", "Ana")

    is_problem(api.patch("me", {"country": "FR"}), 409, "country_changed_recently")
    is_problem(api.patch("me", {"time_zone": "UTC"}), 409, "time_zone_changed_recently")
    assert api.patch("me", {"country": "NL"}).status_code == 200
    changed_at = Worker.objects.get().country_changed_at
    services.set_place(worker_id=ana.pk, country="FR", now=changed_at + timedelta(days=90))
    assert Worker.objects.get().country == "FR"


@pytest.mark.parametrize(
    "place", [{"country": "XX"}, {"country": "nl"}, {"country": ""}, {"time_zone": "Mars/Base"}]
)
def test_a_place_that_there_is_not_is_refused(ana, place):
    is_problem(Api.as_worker(ana).patch("me", place), 400, "invalid_input")
