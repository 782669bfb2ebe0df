"""Letters over a real mail server: a fault of a letter touches no other."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection

from audit.models import AuditLog
from audit.notices import letters as notice_letters
from gigstream.core.clock import database_now
from gigstream.letters.models import Letter
from gigstream.letters.services import sweep_ended_letters
from payments import services as payments
from platforms import services as platforms
from tests.flows.test_approvals import deposit_asked_for
from tests.support.factories import PlatformFactory, WorkerFactory, started
from tests.support.pages.admin import member
from tests.support.servers.mail import mail_server
from workers import services
from workers.models import PasswordReset, WalletChange, Worker
from workers.sign_in.tokens import SignedMessage

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# Django cannot write this address into an envelope: its domain has a label that DNS cannot have.
POISON = "x@" + "\u00fc" * 63 + ".com"


@pytest.fixture
def server(settings):
    with mail_server() as mail:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mail.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        yield mail


def new_wallet(worker, now, number=1):
    nonce = services.make_nonce(now=now).nonce
    services.change_wallet(
        worker_id=worker.pk, signed=SignedMessage(f"0x{'c' * 38}{number:02}", nonce), now=now
    )
    return WalletChange.objects.get(worker=worker)


def poison(worker):
    """Write the address as if it had been taken before addresses were checked."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE workers DROP CONSTRAINT worker_email_plain")
        cursor.execute("UPDATE workers SET email = %s WHERE id = %s", [POISON, worker.pk])


def test_an_address_that_cannot_be_written_holds_nobody_elses_wallet_back(server):
    now = database_now()
    first, *behind = (WorkerFactory() for _ in range(3))
    changes = [new_wallet(worker, now, number) for number, worker in enumerate((first, *behind))]
    poison(first)

    assert services.send_wallet_notices(now=now) == 2
    assert server.taken == [worker.email for worker in behind]
    assert services.apply_wallet_changes(now=now + DAY) == 2

    for worker, change in zip(behind, changes[1:], strict=True):
        worker.refresh_from_db()
        assert (worker.wallet_address, change.wallet_address) == (change.wallet_address,) * 2
    letter = Letter.objects.get(subject_id=str(changes[0].pk))
    assert (letter.tries, letter.last_error, letter.sent_at) == (1, "UnicodeError", None)


def test_a_letter_refused_for_hours_is_given_up_on_record_and_payouts_go_on(server):
    now = database_now()
    ana = WorkerFactory()
    before = ana.wallet_address
    platforms.complete_task(task_id=started(ana, amount="10", now=now).pk, now=now)
    change = new_wallet(ana, now)
    server.refuses[ana.email] = "550 no such mailbox"

    at, tries = now, 0
    while not Letter.objects.filter(given_up_at__isnull=False).exists():
        services.send_wallet_notices(now=at)
        at, tries = at + 10 * MINUTE, tries + 1
        assert tries < 100

    letter = Letter.objects.get()
    assert 6 * HOUR <= letter.given_up_at - now <= 8 * HOUR
    assert 8 <= letter.tries <= 12
    line = AuditLog.objects.get(action="letter.give_up")
    assert (line.success, line.error_message) == (False, "not sent: SMTPRecipientsRefused")
    assert line.metadata == {"kind": "wallet_notice", "subject": str(change.pk), "tries": letter.tries}
    assert ana.email not in " ".join(map(str, AuditLog.objects.values()))
    change.refresh_from_db()
    assert change.dropped_at == letter.given_up_at
    assert payments.create_due_payouts(now=at) == 1
    assert ana.transactions.get(type="payout").to_wallet == before


def test_a_row_says_sent_only_when_its_letter_was_sent(server):
    """The others of the batch are neither lost nor marked."""
    now = database_now()
    lost, fine = WorkerFactory(email="lost@example.com"), WorkerFactory(email="fine@example.com")
    for worker in (lost, fine):
        services.request_password_reset(email=worker.email, now=now)
    server.refuses[lost.email] = "451 later"

    assert services.send_password_resets(now=now) == 1

    sent = dict(PasswordReset.objects.values_list("worker__email", "sent_at"))
    assert sent == {lost.email: None, fine.email: now}
    server.refuses.clear()
    assert services.send_password_resets(now=now + MINUTE) == 1
    assert PasswordReset.objects.get(worker=lost).sent_at == now + MINUTE
    assert server.taken == [fine.email, lost.email]


def test_of_several_who_decide_each_has_one_letter_whoever_is_refused(server):
    """A refused letter used to have the letter sent to all the others again, run after run."""
    now = database_now()
    ann, bob, eve = (member(name, "audit.approve_approval") for name in ("ann", "bob", "eve"))
    User.objects.update(is_superuser=True)
    deposit_asked_for(ann)
    server.refuses[bob.user.email] = "550 no such mailbox"

    assert notice_letters.send_notice_letters(now=now) == 1
    assert notice_letters.send_notice_letters(now=now + HOUR) == 0

    assert server.taken == [eve.user.email]


def test_letters_that_are_not_wanted_any_more_are_not_sent(server):
    now = database_now()
    ana = WorkerFactory()
    new_wallet(ana, now)
    services.cancel_wallet_change(worker_id=ana.pk, now=now)
    platform = PlatformFactory()
    platforms.invite_worker(platform_id=platform.pk, email="bea@example.com", now=now)
    services.request_password_reset(email=ana.email, now=now)
    Worker.objects.filter(pk=ana.pk).update(deleted_at=now)

    assert services.send_wallet_notices(now=now) == 0
    assert platforms.send_invitations(now=now + 8 * DAY) == 0
    assert services.send_password_resets(now=now) == 0
    assert (server.taken, Letter.objects.filter(sent_at__isnull=False).count()) == ([], 0)


def test_letters_that_ended_are_kept_for_a_month(server):
    now = database_now()
    new_wallet(WorkerFactory(), now)
    services.send_wallet_notices(now=now)
    new_wallet(WorkerFactory(), now, 2)

    assert sweep_ended_letters(now=now + 30 * DAY - MINUTE) == 0
    assert sweep_ended_letters(now=now + 30 * DAY) == 1
    assert Letter.objects.get().next_try_at is not None
