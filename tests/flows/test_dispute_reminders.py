"""Staff are reminded of disputes that wait, once at each age, and of none that is over."""

from datetime import timedelta

import pytest
from django.core import mail

from gigstream.letters.models import Letter
from platforms import services as platforms
from tests.support.decisions import resolve_dispute
from tests.support.factories import NOW, started
from tests.support.pages.admin import member

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann():
    return member("ann", "platforms.resolve_dispute")


@pytest.fixture
def dispute():
    task = started(now=NOW)
    return platforms.dispute_task(task_id=task.pk, severity=4, reason="broken", now=NOW)


def remind(days):
    """Send the reminders that are due so many days after the filing; return recipients and subjects."""
    mail.outbox.clear()
    sent = platforms.send_dispute_reminders(now=NOW + timedelta(days=days))
    assert sent == len(mail.outbox)
    return sorted((letter.to[0], letter.subject) for letter in mail.outbox)


def test_staff_are_reminded_at_three_days_and_alarmed_at_seven_once_each(ann, dispute):
    found = {days: remind(days) for days in (2.99, 3, 3.01, 5, 6.99, 7, 7.01, 30, 400)}

    assert {days: letters for days, letters in found.items() if letters} == {
        3: [("ann@example.com", "A dispute has waited for 3 days")],
        7: [("ann@example.com", "Overdue: a dispute has waited for 7 days")],
    }
    dispute.refresh_from_db()
    assert dispute.reminded_at == NOW + timedelta(days=3)
    assert dispute.alarmed_at == NOW + timedelta(days=7)


def test_letters_that_are_forgotten_are_not_sent_anew(ann, dispute):
    remind(3)
    Letter.objects.all().delete()

    assert remind(4) == []


def test_everybody_who_may_resolve_disputes_is_told_and_nobody_else(ann, dispute):
    member("root")
    member("looks", "platforms.view_dispute")
    gone = member("gone", "platforms.resolve_dispute").user
    gone.is_active = False
    gone.save()

    assert [to for to, _ in remind(3)] == ["ann@example.com", "root@example.com"]


def test_a_reminder_waits_for_the_first_who_may_resolve(dispute):
    assert remind(3) == []
    member("ann", "platforms.resolve_dispute")

    assert [to for to, _ in remind(4)] == ["ann@example.com"]


def test_a_dispute_noticed_after_seven_days_is_an_alarm_and_no_reminder(ann, dispute):
    assert [subject for _, subject in remind(8)] == ["Overdue: a dispute has waited for 8 days"]
    assert remind(9) == []


def test_a_resolved_dispute_reminds_nobody(ann, dispute):
    other = platforms.dispute_task(task_id=started(now=NOW).pk, severity=1, reason="slow", now=NOW)
    for one in (dispute, other):
        resolve_dispute(
            task_id=one.task_id, outcome="worker", worker_amount="10", now=NOW + timedelta(days=2)
        )

    assert remind(3) == []


def test_a_letter_names_the_dispute_and_no_person(ann, dispute):
    remind(3)

    text = mail.outbox[0].body
    assert f"In the admin: Disputes, {dispute.pk}" in text
    assert "severity 4 of 5" in text
    worker, platform = dispute.task.worker, dispute.task.platform
    assert not any(name in text for name in (worker.full_name, worker.email, platform.name, "broken"))
