"""Letters to workers about the decisions on their submissions."""

from datetime import timedelta

import pytest

from gigstream.core.people.names import isolate_name
from gigstream.letters.models import Letter
from reputation.submissions.letters import send_submission_notices
from tests.support.factories import NOW, PlatformFactory, WorkerFactory
from tests.support.rewards.submissions import appeal, approve, hand_in, pending, quest_of_submissions, reject
from workers import services as workers

pytestmark = pytest.mark.django_db
LINK = "https://example.com/shelf"
HOUR = timedelta(hours=1)


def waiting(**given):
    quest = quest_of_submissions(**given)
    return pending(quest, WorkerFactory(email="ann@example.com"), link=LINK)


def test_an_approval_comes_with_the_reward_and_the_words_of_the_reviewer(mailoutbox):
    approve(waiting(title="Show a shelf"), feedback="A tidy shelf.")

    assert send_submission_notices(now=NOW) == 1
    assert send_submission_notices(now=NOW + HOUR) == 0

    (letter,) = mailoutbox
    assert (letter.to, letter.subject) == (["ann@example.com"], "Your submission was approved")
    assert letter.body == (
        f"Your submission to the quest {isolate_name('Show a shelf')} of GigStream was approved. Reward: 5.00"
        " USDC.\n\nThe reviewer writes:\n\nA tidy shelf.\n\nYour rewards (me/rewards) show when it is"
        " granted.\n"
    )


def test_a_rejection_says_why_and_how_to_appeal(mailoutbox):
    platform = PlatformFactory(funds="100", name="ShelfHub")
    submission = reject(waiting(platform=platform), feedback="too dark", now=NOW + 6 * 24 * HOUR)

    assert send_submission_notices(now=NOW + 7 * 24 * HOUR) == 1

    (letter,) = mailoutbox
    assert letter.subject == "Your submission was rejected"
    assert letter.body == (
        f"Your submission to the quest {isolate_name('Say hello')} of {isolate_name('ShelfHub')} was"
        " rejected:\n\ntoo dark\n\nIf you disagree, you can appeal it once, until 2026-03-22 12:00 UTC, with"
        f" your words: me/submissions/{submission.pk}/appeal. A person who has not rejected it decides.\n"
    )


def test_the_decision_on_an_appeal_is_the_last(mailoutbox):
    submission = reject(waiting(), feedback="too dark")
    send_submission_notices(now=NOW)

    reject(appeal(submission), staff="5", feedback="still too dark")
    assert send_submission_notices(now=NOW + HOUR) == 1

    assert "still too dark" in mailoutbox[1].body
    assert "There is no further appeal." in mailoutbox[1].body
    assert "you can appeal" not in mailoutbox[1].body


def test_an_image_that_was_refused_can_be_replaced(mailoutbox):
    quest, worker = quest_of_submissions(), WorkerFactory()
    first = hand_in(quest, worker, content=b"\x89PNG\r\n\x1a\n no image").submission
    pending(quest, WorkerFactory())
    first.refresh_from_db()

    assert send_submission_notices(now=NOW) == 1

    assert (first.status, mailoutbox[0].to) == ("rejected", [worker.email])
    assert first.feedback in mailoutbox[0].body
    assert "you can hand in another" in mailoutbox[0].body


def test_a_decision_that_is_outdated_or_of_a_worker_who_has_left_is_not_sent(mailoutbox):
    appealed = reject(waiting())
    appeal(appealed)
    gone = WorkerFactory()
    reject(pending(quest_of_submissions(), gone, link=LINK))
    workers.delete_worker(worker_id=gone.pk)

    assert send_submission_notices(now=NOW) == 0

    assert mailoutbox == []
    assert not Letter.objects.filter(kind="submission_decided").exists()
