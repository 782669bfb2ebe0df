"""New passwords: requested by email, set once, ended by time; and two requests at once."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditLog
from gigstream.core.clock import database_now
from gigstream.sign_in import guessing
from tests.support.api.client import Api
from tests.support.api.sign_in import (
    ANA,
    MINUTE,
    NEW,
    PASSWORD,
    REGISTER,
    is_refused,
    opens,
    refreshed,
    sign_in,
    token_in_mail,
)
from tests.support.factories import WorkerFactory
from workers import services
from workers.models import PasswordReset, Worker, WorkerSession

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_counts():
    cache.clear()


@pytest.fixture
def ana():
    return WorkerFactory(email=ANA["email"], password=PASSWORD)


@pytest.fixture
def session(ana):
    return services.sign_in(email=ana.email, password=PASSWORD)


def ask(email=ANA["email"]):
    return Api().post("auth/password-reset", {"email": email})


def confirm(token, password=NEW):
    return Api().post("auth/password-reset/confirm", {"token": token, "password": password})


def test_a_forgotten_password_is_replaced_by_email_and_everybody_is_signed_out(ana, session):
    assert ask().status_code == 202
    token = token_in_mail()
    assert mail.outbox[0].to == [ana.email]

    assert confirm(token).status_code == 200

    assert not opens(session.access_token)
    is_refused(refreshed(session.refresh_token), 401, "session_over")
    is_refused(sign_in(), 401, "sign_in_refused")
    assert sign_in(password=NEW).status_code == 200
    line = AuditLog.objects.get(action="password.reset")
    assert (line.actor_type, line.actor_id) == ("worker", str(ana.pk))
    is_refused(confirm(token, "and another passphrase"), 400, "reset_refused")


def test_who_has_an_address_is_not_told(ana):
    answers, statements = [], []
    for email in (ana.email, "nobody@example.com"):
        with CaptureQueriesContext(connection) as captured:
            answers.append(ask(email))
        statements.append([re.sub(r"'[^']*'|\d+", "?", one["sql"]) for one in captured])

    known, unknown = answers
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert statements[0] == statements[1]
    assert services.send_password_resets() == 1
    assert len(mail.outbox) == 1


def test_a_reset_link_is_the_page_that_the_settings_name(ana, settings):
    settings.PASSWORD_RESET_URL = "https://pay.example.com/reset"
    ask()
    services.send_password_resets()

    assert "https://pay.example.com/reset#token=gp_" in mail.outbox[0].body


def test_asking_again_within_a_minute_sends_no_second_email(ana):
    for _ in range(3):
        ask()

    assert services.send_password_resets() == 1
    services.request_password_reset(email=ana.email, now=database_now() + 2 * MINUTE)
    assert services.send_password_resets(now=database_now() + 2 * MINUTE) == 1


def test_one_address_gets_five_letters_a_day_whether_anybody_has_it(ana):
    now = database_now()
    for email in (ana.email, "nobody@example.com"):
        for number in range(8):
            services.request_password_reset(email=email, now=now + 2 * number * MINUTE)

    assert services.send_password_resets(now=now + 16 * MINUTE) == 5
    assert PasswordReset.objects.count() == 10
    later = now + timedelta(hours=24, minutes=1)
    services.request_password_reset(email=ana.email, now=later)
    assert services.send_password_resets(now=later) == 1


def test_a_new_password_takes_a_wallet_away_that_was_named_before_the_email_was_proved(ana):
    """Somebody registered with another's address and an own wallet, when that could be done."""
    Worker.objects.filter(pk=ana.pk).update(email_proved_at=None)
    ask()
    assert confirm(token_in_mail()).status_code == 200

    ana.refresh_from_db()
    assert (ana.wallet_address, ana.wallet_proved_at) == (None, None)
    assert ana.email_proved_at is not None


def test_a_new_password_leaves_a_proved_wallet(ana):
    ask()
    assert confirm(token_in_mail()).status_code == 200
    assert Worker.objects.get().wallet_address == ana.wallet_address


def test_a_reset_ends_after_30_minutes(ana):
    ask()
    token = token_in_mail()
    end = PasswordReset.objects.get().expires_at

    with pytest.raises(Exception, match="unknown, expired or used"):
        services.reset_password(token=token, password=NEW, now=end)
    services.reset_password(token=token, password=NEW, now=end - MINUTE)


def test_a_weak_new_password_leaves_the_token_for_another_try(ana):
    ask()
    token = token_in_mail()

    is_refused(confirm(token, "short"), 422, "weak_password")
    is_refused(confirm("gp_" + "x" * 43), 400, "reset_refused")
    assert confirm(token).status_code == 200


def test_a_new_password_voids_the_other_emails_and_ends_a_lock(ana):
    ask()
    first = token_in_mail()
    services.request_password_reset(email=ana.email, now=database_now() + 2 * MINUTE)
    services.send_password_resets(now=database_now() + 2 * MINUTE)
    second = mail.outbox[-1].body.split("gp_")[1].split()[0]
    for _ in range(6):
        sign_in(password="wrong")

    assert confirm("gp_" + second).status_code == 200
    is_refused(confirm(first), 400, "reset_refused")
    assert sign_in(password=NEW).status_code == 200


def test_an_email_that_fails_is_sent_by_the_next_run(ana, monkeypatch, caplog):
    def broken(*given, **more):
        raise ConnectionRefusedError

    ask()
    with monkeypatch.context() as patched:
        patched.setattr("gigstream.network.mail.send_mail", broken)
        assert services.send_password_resets() == 0
    assert "was not sent" in caplog.text
    assert ana.email not in caplog.text

    assert confirm(token_in_mail(database_now() + MINUTE)).status_code == 200


# --- Sweeping, and two at once ------------------------------------------------------------------------------


def test_rows_whose_time_is_over_are_swept(ana, session):
    services.make_nonce()
    ask()
    guessing.take_try("nobody@example.com", now=database_now())
    now = database_now()

    services.request_registration(**REGISTER)
    now = database_now()

    assert services.sweep_sign_in(now=now) == 0
    assert services.sweep_sign_in(now=now + 16 * MINUTE) == 2
    assert services.sweep_sign_in(now=now + timedelta(hours=24)) == 3
    assert services.sweep_sign_in(now=now + timedelta(days=30)) == 2
    assert not WorkerSession.objects.exists()


def at_once(count, call):
    barrier = Barrier(count)

    def one(number):
        try:
            barrier.wait(timeout=10)
            return call(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@pytest.mark.django_db(transaction=True)
def test_two_at_once_with_one_refresh_token_end_the_session():
    WorkerFactory(email=ANA["email"], password=PASSWORD)
    first = services.sign_in(**ANA)

    answers = at_once(2, lambda _: refreshed(first.refresh_token))

    assert sorted(one.status_code for one in answers) == [200, 401]
    assert WorkerSession.objects.get().revoked_because == "token_reused"
    winner = next(one for one in answers if one.status_code == 200)
    assert not opens(winner.json()["access_token"])


@pytest.mark.django_db(transaction=True)
def test_guesses_side_by_side_are_no_more_than_guesses_in_a_row():
    WorkerFactory(email=ANA["email"], password=PASSWORD)

    answers = at_once(12, lambda number: sign_in(password=f"wrong-{number}"))

    assert sorted(one.status_code for one in answers) == [401] * 5 + [429] * 7
