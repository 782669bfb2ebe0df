"""A second person sees without a reload that something waits for them, and decides it by keyboard."""

from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.urls import reverse
from playwright.sync_api import Locator, expect

from audit.limits import services as limits
from audit.log.context import acting_as
from audit.models import Approval, Notice
from tests.support.pages.browsers import SECOND, Person

pytestmark = [pytest.mark.django_db, pytest.mark.long_form]
MINUTE = 61_000
PATIENCE_SECONDS = 60


def request_of_risk() -> Approval:
    """Have the member of risk request another limit; return the request."""
    with ThreadPoolExecutor(1) as beside:
        beside.submit(_request_and_commit).result()
    return Approval.objects.get(decision=None, reason="fees have risen")


def _request_and_commit() -> None:
    """Request it by a connection of this thread: the test's own transaction is seen by no server."""
    try:
        risk = User.objects.get(username="risk@gigstream.example")
        with acting_as("staff", str(risk.pk)):
            limits.request_change(name="payout_minimum", value="2", reason="fees have risen")
    finally:
        connection.close()


def count_of(person: Person, slug: str) -> Locator:
    return person.menu.locator(f'a[href="{reverse("console:queue", args=[slug])}"] .count')


def waits_for(person: Person, badge: Locator, text: str) -> None:
    """Let minutes pass for the page, each with its request, until it shows the number."""
    counts = reverse("console:counts")
    until = monotonic() + PATIENCE_SECONDS
    while badge.text_content() != text:
        assert monotonic() < until, f"the page shows {badge.text_content()}, not {text}"
        with person.page.expect_response(lambda response: response.url.endswith(counts)):
            person.page.clock.fast_forward(MINUTE)
    expect(badge).to_be_visible()


def test_a_request_is_seen_opened_and_approved_without_a_mouse(at_desk):
    second = at_desk(SECOND)
    second.page.clock.install()
    queue = reverse("console:queue", args=["approvals"])
    second.open(queue)
    expect(second.page.locator("[data-counts]")).to_be_visible()
    before = int(second.page.locator("[data-unread]").text_content() or "0")
    waiting = Approval.objects.filter(decision=None).count()

    asked = request_of_risk()

    second.page.evaluate("window.isSamePage = true")
    waits_for(second, second.page.locator("[data-unread]"), str(before + 1))
    waits_for(second, count_of(second, "approvals"), str(waiting + 1))
    assert second.page.title().startswith("(")
    assert second.page.evaluate("window.isSamePage")

    second.page.keyboard.press("?")
    help_of_page = second.page.get_by_role("dialog", name="Keys of this page")
    expect(help_of_page).to_contain_text("Search")
    help_of_page.get_by_role("button", name="Close").click()
    expect(help_of_page).to_have_count(0)

    second.open(reverse("console:notices"))
    second.page.keyboard.press("j")
    first = second.main.locator("[data-row]").first
    expect(first.locator("h2 a")).to_be_focused()
    second.page.keyboard.press("o")
    second.sees("fees have risen")
    second.page.keyboard.press("a")
    second.is_asked()
    asked.refresh_from_db()
    assert asked.decision is None

    reason = second.page.get_by_label("Reason")
    reason.fill("")
    reason.press_sequentially("a joke? no/yes")
    expect(reason).to_have_value("a joke? no/yes")
    expect(second.page.get_by_role("dialog", name="Keys of this page")).to_have_count(0)
    second.confirms("Approve and execute", "usual by now")

    asked.refresh_from_db()
    assert (asked.decision, asked.decision_reason) == ("approved", "usual by now")
    assert not Notice.objects.filter(subject_id=str(asked.pk), kind="approval_waits", read_at=None).exists()


def test_keys_can_be_switched_off_and_on_again(at_desk):
    ops = at_desk("operations")
    ops.open(reverse("admin:workers_worker_changelist"))
    rows = ops.page.locator("#result_list tbody tr")
    ops.page.keyboard.press("j")
    ops.page.keyboard.press("j")
    expect(rows.nth(1).locator("a[href]:focus")).to_have_count(1)
    ops.page.keyboard.press("k")
    expect(rows.nth(0).locator("a[href]:focus")).to_have_count(1)
    ops.page.keyboard.press("Control+j")
    expect(rows.nth(0).locator("a[href]:focus")).to_have_count(1)

    ops.page.get_by_role("button", name="Keys of this page").click()
    ops.page.get_by_label("Single keys are on").uncheck()
    ops.page.get_by_role("button", name="Close").click()
    ops.page.locator("body").press("/")
    expect(ops.page.locator("#searchbar")).not_to_be_focused()

    ops.page.get_by_role("button", name="Keys of this page").click()
    ops.page.get_by_label("Single keys are on").check()
    ops.page.get_by_role("button", name="Close").click()
    ops.page.locator("body").press("/")
    expect(ops.page.locator("#searchbar")).to_be_focused()
    ops.page.keyboard.type("j/k?")
    expect(ops.page.locator("#searchbar")).to_have_value("j/k?")
