"""The box of Ctrl + K by keyboard, the buttons that copy, and the page of all results, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from payments.models import Transaction
from tests.browser.test_days import page_of
from workers.models import Worker

pytestmark = [pytest.mark.django_db, pytest.mark.long_form]


def open_box(page: Page):
    """Open the box and return its field."""
    page.wait_for_load_state()
    page.keyboard.press("Control+k")
    box = page.locator("#search-input-command")
    expect(box).to_be_visible()
    return box


def test_enter_opens_the_first_hit_and_arrows_choose_another(at_desk):
    worker = Worker.objects.get(full_name="David Wilson")
    ops = at_desk("operations")
    ops.open("/admin/")
    box = open_box(ops.page)
    assert "Name, title, amount" in (box.get_attribute("placeholder") or "")

    box.press_sequentially("wilson dav")
    first = ops.page.locator("#command-results-list a").first
    expect(first).to_contain_text("David Wilson")
    box.press("Enter")
    expect(ops.page).to_have_url(re.compile(page_of(worker)))

    box = open_box(ops.page)
    box.press_sequentially("wilson dav")
    expect(ops.page.locator("#command-results-list a").nth(1)).to_be_visible()
    second = ops.page.locator("#command-results-list a").nth(1).get_attribute("href")
    box.press("ArrowDown")
    box.press("ArrowDown")
    expect(ops.page.locator("#command-results-list li.active")).to_have_count(1)
    box.press("Enter")
    expect(ops.page).to_have_url(re.compile(re.escape(second or "")))


def test_nothing_found_says_so_and_enter_leads_to_what_can_be_searched_for(at_desk):
    ops = at_desk("operations")
    ops.open("/admin/")
    box = open_box(ops.page)
    box.press_sequentially("zzqxy")
    expect(ops.page.locator("#command-results")).to_contain_text("Nothing found for “zzqxy”.")
    box.press("Enter")
    expect(ops.page).to_have_url(re.compile(r"/admin/search/\?q=zzqxy"))
    ops.sees("Nothing that you may view matches", "What can be typed")


def test_all_results_are_a_page_and_recent_searches_come_back_until_one_leaves(at_desk):
    ops = at_desk("operations")
    ops.open("/admin/")
    box = open_box(ops.page)
    box.press_sequentially("wilson")
    expect(ops.page.locator("#command-results-list a").last).to_contain_text("All results")
    ops.page.locator("#command-results-list a").last.click()
    ops.sees("Workers", "Transactions", "David Wilson")

    open_box(ops.page)
    recent = ops.page.locator("#command-results-list a").first
    expect(recent).to_have_text("wilson")
    recent.click()
    expect(ops.page.locator("#search-input-command")).to_have_value("wilson")
    expect(ops.page.locator("#command-results-list a").first).to_contain_text("Wilson")
    assert ops.page.evaluate("JSON.stringify(Object.values(localStorage))").find("wilson") == -1


def test_an_id_is_copied_by_keyboard_and_said_to_a_screen_reader(at_desk):
    payout = Transaction.objects.filter(type="payout").first()
    assert payout is not None
    ops = at_desk("operations")
    ops.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ops.open(page_of(payout))
    ops.page.locator("summary", has_text="Ids and technical data").press("Enter")
    for text in (payout.reference, str(payout.pk)):
        ops.page.locator(f'button.copy[data-copy="{text}"]').first.press("Enter")
        expect(ops.page.locator("p[role=status]").last).to_have_text("copied")
        assert ops.page.evaluate("navigator.clipboard.readText()") == text
