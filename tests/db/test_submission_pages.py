"""Pages of staff about submissions: lists, rows, and the page on which they are decided one by one."""

from datetime import timedelta

import pytest
from django.urls import reverse

from gigstream.adminkit import admin_url, list_url
from gigstream.core.clock import database_now
from reputation.models import Submission, SubmissionReview
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, balance
from tests.support.pages.admin import act, member
from tests.support.rewards.images import image
from tests.support.rewards.submissions import (
    appeal,
    approve,
    history_of_submissions,
    pending,
    quest_of_submissions,
    reject,
)

pytestmark = pytest.mark.django_db
REVIEW = "/admin/reputation/submission/review/"
BOTH = (
    "reputation.view_submission",
    "reputation.approve_submission",
    "reputation.reject_submission",
)


@pytest.fixture
def quest():
    return quest_of_submissions(now=database_now())


def waits(quest, number=1, **given):
    now = database_now() - timedelta(minutes=60 - number)
    link = {} if given else {"link": f"https://example.com/{number}"}
    worker = WorkerFactory(now=now - timedelta(days=1))
    return pending(quest, worker, now=database_now(), **link, **given)


def send(client, submission, verdict, feedback=""):
    form = {"submission": str(submission.pk), "verdict": verdict, "feedback": feedback}
    return client.post(REVIEW, form, follow=True)


@pytest.mark.usefixtures("without_the_menu")
@pytest.mark.parametrize("model", [Submission, SubmissionReview], ids=lambda model: model.__name__)
def test_lists_and_rows_open(model):
    times = iter(NOW + timedelta(minutes=number) for number in range(1000))
    history_of_submissions(PlatformFactory(funds="1000"), at=lambda: next(times))
    client = member("root").client

    assert client.get(list_url(model)).status_code == 200
    assert model.objects.exists()
    for row in model.objects.all():
        assert client.get(admin_url(row)).status_code == 200


def test_the_oldest_is_shown_with_what_decides(quest):
    first = waits(quest, content=image(11))
    second = waits(quest, content=image(12))
    elsewhere = waits(quest_of_submissions(now=database_now()), content=image(11))
    client = member("ann", *BOTH).client

    page = client.get(REVIEW)
    html = page.content.decode()

    assert page.context["submission"] == first
    assert page.context["waiting"] == 3
    assert f'src="{page.context["image"]}"' in html
    assert "the same file was handed in 1 more time" in html
    assert "5.00 USDC" in html
    assert client.get(page.context["next"]).context["submission"] == second
    last = client.get(REVIEW, {"after": str(elsewhere.pk)})
    assert last.context["submission"] == first


def test_verdicts_are_given_one_after_another(quest):
    first, second = waits(quest, 1), waits(quest, 2)
    client = member("ann", *BOTH).client

    page = send(client, first, "approve", "well done")

    assert "approved" in page.content.decode().lower()
    assert page.context["submission"] == second
    assert balance(first.worker, "available") == 5
    page = send(client, second, "reject", "not the shelf")
    assert "No submission waits" in page.content.decode()
    second.refresh_from_db()
    assert (second.status, second.feedback) == ("rejected", "not the shelf")


def test_a_rejection_without_a_reason_keeps_the_page(quest):
    waiting = waits(quest)
    client = member("ann", *BOTH).client

    page = send(client, waiting, "reject", "  ")

    assert "Write a reason before you reject" in page.content.decode()
    assert page.context["submission"] == waiting
    waiting.refresh_from_db()
    assert waiting.status == "pending"


def test_a_submission_that_another_has_decided_says_so(quest):
    waiting = waits(quest)
    client = member("ann", *BOTH).client
    approve(waiting, "77", now=database_now())

    page = send(client, waiting, "reject", "not the shelf")

    assert "the submission is approved: it waits for no decision" in page.content.decode()
    waiting.refresh_from_db()
    assert waiting.status == "approved"


def test_an_appeal_is_shown_to_others_than_the_reviewer_who_rejected(quest):
    ann, bob = member("ann", *BOTH), member("bob", *BOTH)
    rejected = reject(waits(quest), str(ann.user.pk), now=database_now())
    appeal(rejected, words="it is <b>the</b> shelf", now=database_now())

    assert "submission" not in ann.client.get(REVIEW).context
    page = bob.client.get(REVIEW)

    html = page.content.decode()
    assert page.context["submission"] == rejected
    assert "it is &lt;b&gt;the&lt;/b&gt; shelf" in html
    assert "Rejected because" in html


def test_a_large_reward_says_that_it_needs_two(db):
    quest = quest_of_submissions(reward_amount="60", budget="60", now=database_now())
    waiting = waits(quest)
    ann, bob = member("ann", *BOTH), member("bob", *BOTH)

    page = send(ann.client, waiting, "approve")

    assert "a second reviewer decides next" in page.content.decode()
    assert "submission" not in page.context
    assert "needs 2 reviewers, 1 approved" in bob.client.get(REVIEW).content.decode()
    send(bob.client, waiting, "approve")
    assert balance(waiting.worker, "available") == 60


def test_who_may_only_look_decides_nothing(quest):
    waiting = waits(quest)
    reader = member("eve", "reputation.view_submission").client
    approver = member("ann", *BOTH[:2]).client

    assert reader.get(REVIEW).status_code == 403
    assert send(reader, waiting, "approve").status_code == 403
    assert send(approver, waiting, "reject", "no").status_code == 403
    assert approver.get(REVIEW).status_code == 200
    waiting.refresh_from_db()
    assert waiting.status == "pending"


def test_a_form_that_is_none_changes_nothing(quest):
    waiting = waits(quest)
    client = member("ann", *BOTH).client

    for form in (
        {},
        {"submission": "x", "verdict": "approve"},
        {"submission": str(waiting.pk), "verdict": "maybe"},
        {"submission": str(waiting.worker_id), "verdict": "approve"},
    ):
        assert client.post(REVIEW, form).status_code == 200
    assert client.get(REVIEW, {"after": "\x7f"}).status_code == 200
    assert not SubmissionReview.objects.exists()


def test_a_row_is_decided_from_its_own_page_and_from_the_queue(quest):
    first, second = waits(quest, 1), waits(quest, 2)
    root = member("root").client

    act(root, "approve", first, feedback="")
    act(root, "reject", second, feedback="not the shelf")

    assert [Submission.objects.get(pk=one.pk).status for one in (first, second)] == ["approved", "rejected"]
    page = root.get(reverse("console:queue", args=["submissions"]))
    assert page.status_code == 200
