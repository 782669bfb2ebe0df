"""A day of submissions, worked by keyboard in a real browser."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from reputation.models import Submission
from tests.support.pages import chromium
from tests.support.rewards.images import image
from tests.support.rewards.submissions import pending, quest_of_submissions
from workers.models import Worker

pytestmark = [pytest.mark.django_db, pytest.mark.long_form]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture(scope="module")
def waiting(staff, django_db_blocker):
    """Three images that wait, the oldest first, since before those of the demo."""
    with django_db_blocker.unblock():
        now = Submission.objects.earliest("created_at").created_at - HOUR
        quest = quest_of_submissions(
            title="A photo of your shelf", instructions="By day, as a whole.", now=now
        )
        workers = Worker.objects.filter(deleted_at=None, status="active", created_at__lt=now).order_by("pk")
        return [
            pending(quest, worker, content=image(500 + number, size=(900, 600)), now=now + number * MINUTE)
            for number, worker in enumerate(workers[:3])
        ]


def status_of(submission: Submission) -> str:
    return Submission.objects.get(pk=submission.pk).status


def test_submissions_are_reviewed_by_keyboard(at_desk, waiting, tmp_path, request):
    _, second, third = waiting
    person = at_desk("risk")
    person.open("/admin/reputation/submission/review/")
    page = person.page
    person.sees("A photo of your shelf", "By day, as a whole.", "900 x 600", "5.00 USDC")
    shown = page.locator(".proof img")
    expect(shown).to_have_js_property("complete", True)
    assert shown.evaluate("image => image.naturalWidth") == 900
    if chromium.AXE.exists():
        page.evaluate(chromium.AXE.read_text(encoding="utf-8"))
        found = page.evaluate("() => axe.run('#main')")
        assert [one["id"] for one in found["violations"] if one["impact"] in ("serious", "critical")] == []
    folder = request.config.getoption("--screenshots") or tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / "review.png", full_page=True)

    page.keyboard.press("n")
    expect(page).to_have_url(re.compile("after="))
    assert [status_of(one) for one in waiting] == ["pending"] * 3
    page.goto("/admin/reputation/submission/review/")
    page.keyboard.press("a")
    person.sees("Approved")
    assert [status_of(one) for one in waiting] == ["approved", "pending", "pending"]

    page.keyboard.press("r")
    expect(page.locator("#feedback")).to_be_focused()
    page.keyboard.type("a ransom note, not a shelf")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    person.sees("Rejected")
    assert [status_of(one) for one in waiting] == ["approved", "rejected", "pending"]
    second.refresh_from_db()
    assert second.feedback == "a ransom note, not a shelf"

    person.sees("A photo of your shelf")
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile(f"after={third.pk}"))
    assert status_of(third) == "pending"


@pytest.mark.parametrize("width", [390])
def test_the_page_is_no_wider_than_a_phone(at_desk, waiting, width):
    person = at_desk("operations")
    person.page.set_viewport_size({"width": width, "height": 844})
    person.open("/admin/reputation/submission/review/")
    person.sees("A photo of your shelf")

    assert person.page.evaluate("document.documentElement.scrollWidth") <= width
