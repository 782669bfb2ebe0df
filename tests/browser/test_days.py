"""The day of each role, in a real browser on the demo."""

import csv
import re
from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from audit.models import AuditLog
from gigstream.staff.models import Authenticator
from loans.applications.enums import LoanStatus
from loans.models import Loan
from payments.figures.reports import DailyTransactionSummary
from payments.models import Stream, Transaction
from payments.streams.enums import StreamStatus
from platforms.models import Dispute
from tests.support.pages.browsers import FOR_TWO, NEWCOMER, SECOND, Staff, code_of
from workers.models import Worker

pytestmark = [pytest.mark.django_db, pytest.mark.long_form]

HOME = re.compile("/admin/$")


def page_of(row) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def test_on_the_first_day_an_app_is_set_up_and_its_codes_sign_in(staff: Staff):
    newcomer = staff.stranger(NEWCOMER)
    newcomer.sign_in("")
    newcomer.sees("You have no second factor yet")
    newcomer.open("/admin/workers/worker/")
    newcomer.sees("You have no second factor yet")
    assert not Authenticator.objects.filter(user__username=NEWCOMER).exists()
    newcomer.press("Set up an app")
    newcomer.sees("Set up an authenticator app")

    key = Authenticator.objects.get(user__username=NEWCOMER).key
    newcomer.page.get_by_label("code", exact=True).fill(code_of(key))
    newcomer.press("Use this app")
    newcomer.sees("Your recovery codes")
    newcomer.page.get_by_role("link", name="I have written them down").click()
    expect(newcomer.page).to_have_url(HOME)

    at_home, thief = staff.stranger(NEWCOMER), staff.stranger(NEWCOMER)
    code = code_of(key, ahead=1)
    at_home.sign_in(code)
    expect(at_home.page).to_have_url(HOME)
    thief.sign_in(code)
    expect(thief.page.get_by_text("the password or the code is wrong")).to_be_visible()
    assert newcomer.faults == at_home.faults == thief.faults == []


def test_operations_see_the_day_and_resolve_what_is_disputed(at_desk):
    dispute = Dispute.objects.get(resolved_at=None)
    ops = at_desk("operations")
    ops.open("/admin/")
    ops.sees("Released today", "In escrow", "Queues", "Settlement, the last hour", "all", "Jobs")
    drawn = "chart => chart.getContext('2d').getImageData(0, 0, chart.width, chart.height).data.some(Boolean)"
    for chart in ops.main.locator("canvas").all():
        expect(chart).to_be_visible()
        assert chart.evaluate(drawn)

    ops.main.get_by_role("link", name=re.compile("^Disputes")).click()
    ops.press("Take")
    ops.sees("yours")
    ops.press("Resolve")
    ops.sees("90.00 USDC is still held")
    ops.page.get_by_label("Who was right").select_option("worker")
    ops.page.get_by_label("For the worker").fill("90.01")
    ops.confirms("Resolve", "the line works")
    ops.sees("only 90.00 USDC is still held")
    ops.page.get_by_label("For the worker").fill("70")
    ops.press("Resolve")

    ops.sees("the worker was right: 70.00 USDC to", "No item waits in this queue")
    dispute.refresh_from_db()
    assert (dispute.worker_amount, dispute.refund_amount) == (70, Decimal("20.50"))
    ops.open(page_of(dispute))
    expect(ops.offer("Resolve")).to_have_count(0)


def test_a_large_advance_takes_two_people_of_risk(at_desk):
    loan = Loan.objects.get(amount=FOR_TWO)
    first, second = at_desk("risk"), at_desk(SECOND)
    first.open(page_of(loan))
    first.press("Approve")
    first.sees(
        "450.00 USDC",
        "Score now",
        "Forecast of 7 days",
        "Not eligible because",
        "Beyond 400 USDC a second person approves it as well",
    )
    first.confirms("Approve", "steady work")
    first.sees("waits for a second person")
    first.open(page_of(loan))
    first.sees("waits for a second person", "steady work")
    expect(first.offer("Approve")).to_have_count(0)
    first.goes_to("Queues", "Approvals")
    expect(first.offer("Withdraw")).to_be_visible()
    expect(first.offer("Approve and execute")).to_have_count(0)
    loan.refresh_from_db()
    assert loan.status == LoanStatus.PENDING

    second.open("/admin/")
    second.goes_to("Queues", "Approvals")
    second.sees("steady work", "450.00")
    second.press("Approve and execute")
    second.sees("Score now", "Requested by", "steady work", str(loan.worker))
    second.confirms("Approve and execute", "I agree")

    second.sees("No item waits in this queue")
    loan.refresh_from_db()
    assert loan.status == LoanStatus.APPROVED


def test_finance_find_a_payout_by_its_hash_and_read_what_happened_to_it(at_desk):
    payout = Transaction.objects.filter(type="payout", status="confirmed").earliest("pk")
    finance = at_desk("finance")
    finance.open("/admin/")
    finance.finds(payout.tx_hash)

    expect(finance.page).to_have_url(re.compile(page_of(payout)))
    finance.sees(payout.tx_hash, "Transfer at", "Payout paid", "Transfer confirmed")
    said = finance.main.inner_text()
    assert said.index("Transfer confirmed") < said.index("Payout created")


def test_enter_in_the_search_box_opens_the_first_hit_and_no_hit_says_so(at_desk):
    worker = Worker.objects.get(email="alice@example.com")
    ops = at_desk("operations")
    ops.open("/admin/")
    box = ops.page.locator("#search-input-command")

    ops.page.keyboard.press("Control+k")
    box.press_sequentially("no such thing")
    expect(ops.page.locator("#command-results")).to_contain_text("Nothing found for")
    box.fill("")
    box.press_sequentially(worker.email)
    expect(ops.page.locator("#command-results")).to_contain_text(str(worker))
    box.press("Enter")

    expect(ops.page).to_have_url(re.compile(page_of(worker)))
    assert ops.faults == []


def test_words_that_were_not_sent_survive_back_a_reload_a_new_tab_and_a_log_in(at_desk, staff):
    stream = Stream.objects.filter(status=StreamStatus.ACTIVE).latest("pk")
    ops = at_desk("operations")
    ops.open(page_of(stream))
    ops.press("Pause")
    ops.is_asked()
    address = ops.page.url
    reason = ops.main.get_by_label("Reason")

    with ops.page.expect_response(lambda answer: answer.request.method == "POST") as kept:
        reason.fill("the site is flooded")
    assert kept.value.status == 204
    ops.main.locator(".confirm-row h2 a").click()
    expect(ops.page).to_have_url(re.compile(page_of(stream)))
    ops.page.go_back()
    expect(reason).to_have_value("the site is flooded")
    ops.sees("Nothing was done yet")
    ops.page.reload()
    expect(reason).to_have_value("the site is flooded")
    tab = ops.page.context.new_page()
    tab.goto(address)
    expect(tab.get_by_label("Reason")).to_have_value("the site is flooded")
    tab.close()
    stored = "() => JSON.stringify([{...sessionStorage}, {...localStorage}])"
    assert "flooded" not in ops.page.evaluate(stored)

    ops.page.context.clear_cookies(name="sessionid")
    reason.fill("the site is flooded, says the foreman")
    ops.press("Pause")
    expect(ops.page.get_by_text("was not done")).to_be_visible()
    ops.fills_in(code_of(staff.keys[ops.username], ahead=1))
    expect(reason).to_have_value("the site is flooded, says the foreman")
    ops.sees("Nothing was done: your session had ended")
    stream.refresh_from_db()
    assert stream.status == StreamStatus.ACTIVE
    ops.press("Pause")
    ops.sees("1 stream paused")
    ops.press("Resume")
    ops.confirms("Resume", "the water is gone")
    ops.sees("1 stream resumed")


def test_a_form_whose_cookie_is_gone_leads_back_to_its_words(at_desk):
    stream = Stream.objects.filter(status=StreamStatus.ACTIVE).latest("pk")
    ops = at_desk("operations")
    ops.open(page_of(stream))
    ops.press("Pause")
    ops.main.get_by_label("Reason").fill("a power cut")
    ops.page.context.clear_cookies(name="csrftoken")
    ops.press("Pause")

    expect(ops.page.get_by_role("heading", name="The form was open for too long")).to_be_visible()
    expect(ops.page.get_by_text("Nothing was done")).to_be_visible()
    ops.page.get_by_role("link", name="Back to the page").click()
    expect(ops.main.get_by_label("Reason")).to_have_value("a power cut")
    stream.refresh_from_db()
    assert stream.status == StreamStatus.ACTIVE


def test_a_page_that_is_stale_says_who_was_quicker_and_why(at_desk):
    stream = Stream.objects.filter(status=StreamStatus.ACTIVE).latest("pk")
    ops, boss = at_desk("operations"), at_desk("superuser")
    for person in (ops, boss):
        person.open(page_of(stream))
        person.press("Pause")
        person.is_asked()
    boss.confirms("Pause", "the crane is broken")
    boss.sees("1 stream paused")

    ops.confirms("Pause", "a storm")

    ops.sees("Nothing was done: it has changed since you opened this page", "the crane is broken", "UTC by")
    expect(ops.main.locator("form.confirm").get_by_role("button")).to_have_count(0)
    lines = AuditLog.objects.filter(resource_id=str(stream.pk), action="stream.pause", success=True)
    assert lines.latest("id").metadata == {"reason": "the crane is broken"}
    boss.press("Resume")
    boss.confirms("Resume", "mended")
    boss.sees("1 stream resumed")


def test_operations_stop_a_stream_and_let_it_run_on(at_desk):
    stream = Stream.objects.filter(status=StreamStatus.ACTIVE).latest("pk")
    ops = at_desk("operations")
    ops.open(page_of(stream))
    for button, done, status in (
        ("Pause", "1 stream paused", StreamStatus.PAUSED),
        ("Resume", "1 stream resumed", StreamStatus.ACTIVE),
    ):
        ops.press(button)
        ops.is_asked()
        # Words that were written on this page before may stand in it.
        ops.main.get_by_label("Reason").fill("")
        ops.press(button)
        ops.is_asked()  # for the reason, still
        stream.refresh_from_db()
        assert stream.status != status
        ops.confirms(button, "a call from the site")
        ops.sees(done)
        stream.refresh_from_db()
        assert stream.status == status
    acts = AuditLog.objects.filter(resource_id=str(stream.pk), actor_type="staff").order_by("-id")
    assert list(acts.values_list("action", flat=True)[:2]) == ["stream.resume", "stream.pause"]


@pytest.mark.parametrize("form", ["CSV", "XLSX"])
def test_finance_take_a_report_home(at_desk, form):
    finance = at_desk("finance")
    finance.open("/admin/")
    finance.goes_to("Money", "Transactions by day")
    with finance.page.expect_download() as started:
        finance.main.get_by_role("button", name=form).click()

    file = started.value
    assert file.suggested_filename == f"dailytransactionsummary.{form.lower()}"
    content = file.path().read_bytes()
    if form == "XLSX":
        assert content.startswith(b"PK")
        return
    header, *rows = csv.reader(content.decode("utf-8-sig").splitlines())
    assert "type" in header
    assert len(rows) == DailyTransactionSummary.objects.count() > 0


def test_support_help_without_seeing_who_it_is_and_without_touching_money(at_desk):
    support = at_desk("support")
    support.open("/admin/workers/worker/")
    support.sees("Alice")
    support.misses("alice@example.com")
    for words in ("Ledger", "API keys", "Staff"):
        expect(support.menu.get_by_text(words, exact=True).locator("xpath=ancestor::a")).to_have_count(0)
    for path in ("payments/ledgerentry", "platforms/apikey", "auth/user"):
        assert support.open(f"/admin/{path}/").status == 403
    stream = Stream.objects.filter(status=StreamStatus.ACTIVE).earliest("pk")
    assert support.open(page_of(stream)).status == 200
    expect(support.offer("Pause")).to_have_count(0)
    support.sees("Pause: needs somebody of operations")


def test_auditors_read_everything_and_press_nothing(at_desk):
    auditor = at_desk("auditor")
    stream = Stream.objects.filter(status=StreamStatus.ACTIVE).earliest("pk")
    loan = Loan.objects.filter(status=LoanStatus.PENDING).earliest("pk")
    buttons = re.compile("Pause|Cancel|Approve|Refuse|Resolve|Save|Take|run now")
    for path in (
        page_of(stream),
        page_of(loan),
        "/admin/payments/ledgerentry/",
        "/admin/queues/loans/",
        "/admin/",
    ):
        assert auditor.open(path).status == 200
        expect(auditor.main.get_by_role("button", name=buttons)).to_have_count(0)
        expect(auditor.main.locator("a[href*='/act/']")).to_have_count(0)


def test_what_operations_are_asked_an_auditor_cannot_answer(at_desk):
    stream = Stream.objects.filter(status=StreamStatus.ACTIVE).earliest("pk")
    ops, auditor = at_desk("operations"), at_desk("auditor")
    ops.open(page_of(stream))
    ops.press("Pause")
    ops.is_asked()
    form = ops.main.locator("form.confirm")
    fields = form.evaluate("form => Object.fromEntries(new FormData(form))")
    to = form.get_attribute("action")

    auditor.open("/admin/")
    forged = """async ([to, fields]) => {
        const form = new FormData();
        Object.entries(fields).forEach(([name, value]) => form.set(name, value));
        form.set("reason", "none");
        form.set("csrfmiddlewaretoken", document.cookie.match(/csrftoken=([^;]+)/)[1]);
        return await (await fetch(to, {method: "POST", body: form})).text();
    }"""
    assert "1 stream paused" not in auditor.page.evaluate(forged, [to, fields])
    stream.refresh_from_db()
    assert stream.status == StreamStatus.ACTIVE

    ops.confirms("Pause", "the same form, by whom it was meant for")
    ops.sees("1 stream paused")


def test_risk_may_not_stop_a_stream_nor_finance_approve_a_loan(at_desk):
    stream = Stream.objects.filter(status=StreamStatus.ACTIVE).earliest("pk")
    loan = Loan.objects.filter(status=LoanStatus.PENDING).earliest("pk")
    for who, row, words in (("risk", stream, "Pause"), ("finance", loan, "Approve")):
        person = at_desk(who)
        assert person.open(page_of(row)).status == 200
        expect(person.offer(words)).to_have_count(0)
