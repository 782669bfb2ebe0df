"""A list is filtered, saved and shared, and opened by others: whole by those who may see it, and not applied
for those from whom its column is hidden."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.support.pages.browsers import Person

pytestmark = [pytest.mark.django_db, pytest.mark.long_form]
TRANSACTIONS = reverse("admin:payments_transaction_changelist")
WORKERS = reverse("admin:workers_worker_changelist")
NARROW = {"width": 390, "height": 844}


def open_filters(person: Person) -> None:
    """Open the form of the filter builder by the keyboard."""
    summary = person.main.locator(".filter-builder > summary")
    summary.focus()
    person.page.keyboard.press("Enter")


def save(person: Person, name: str, *, shared: bool) -> None:
    """Save the list under a name."""
    person.main.locator(".saved-views > summary").click()
    person.main.get_by_label("Name of the new view").fill(name)
    if shared:
        person.main.get_by_label("shared with all who may see this list").check()
    person.main.get_by_role("button", name="Save this view").click()


def test_a_list_is_filtered_and_the_address_holds_the_whole_view(at_desk):
    ops = at_desk("operations")
    ops.open(TRANSACTIONS)
    open_filters(ops)
    ops.main.get_by_label("Confirmed").check()
    ops.main.get_by_label("Amount (USDC) from").or_(ops.main.get_by_label("Amount from")).fill("1")
    ops.main.get_by_label("Sort by").select_option("-amount")
    ops.main.get_by_role("button", name="Apply").click()

    expect(ops.page).to_have_url(re.compile(r"\?status\.is=confirmed&amount\.from=1&sort=-amount$"))
    expect(ops.main.locator(".chip")).to_have_count(2)
    ops.sees("2 conditions, sorted by Amount")

    ops.main.get_by_role("link", name="Remove: Amount from 1").click()
    expect(ops.main.locator(".chip")).to_have_count(1)
    ops.page.go_back()
    expect(ops.main.locator(".chip")).to_have_count(2)


def test_a_bad_value_is_refused_on_the_page_and_the_list_stays(at_desk):
    ops = at_desk("operations")
    ops.open(f"{TRANSACTIONS}?amount.from=five")
    expect(ops.main.get_by_role("alert")).to_contain_text("Amount: 'five' is not an amount")
    expect(ops.main.locator("#result_list tbody tr").first).to_be_visible()


def test_a_view_is_shared_opened_by_others_and_counted_in_their_menu(at_desk):
    ops = at_desk("operations")
    ops.open(f"{TRANSACTIONS}?status.is=confirmed")
    save(ops, "Confirmed for finance", shared=True)
    ops.sees("The view “Confirmed for finance” is saved.")

    finance = at_desk("finance")
    finance.open(TRANSACTIONS)
    finance.main.locator(".saved-views > summary").click()
    finance.main.get_by_role("link", name="Confirmed for finance").click()
    finance.sees("Status: Confirmed")
    finance.main.locator(".saved-views > summary").click()
    finance.main.get_by_role("button", name="Into the menu").click()
    in_menu = finance.page.locator("#nav-sidebar-apps").get_by_role("link", name="Confirmed for finance")
    expect(in_menu.locator(".count")).to_have_text(re.compile(r"^[\d,]+( or more)?$"))


def test_support_is_refused_the_hidden_condition_of_a_shared_view(at_desk):
    risk = at_desk("risk")
    risk.open(f"{WORKERS}?full_name.begins=Ali")
    save(risk, "Called Ali", shared=True)
    risk.sees("Full name begins with Ali")

    support = at_desk("support")
    support.open(WORKERS)
    support.main.locator(".saved-views > summary").click()
    support.main.get_by_role("link", name="Called Ali").click()
    support.sees("is not applied: it uses Full name, which is hidden from you")
    expect(support.main.locator(".chip")).to_have_count(0)
    expect(support.page).to_have_url(re.compile(r"\?view=\d+$"))


def test_the_builder_fits_a_narrow_window(at_desk):
    ops = at_desk("operations")
    ops.page.set_viewport_size(NARROW)
    ops.open(f"{TRANSACTIONS}?status.is=confirmed&amount.from=1")
    open_filters(ops)
    ops.main.locator(".saved-views > summary").click()
    assert ops.page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    ops.page.set_viewport_size({"width": 1280, "height": 900})
