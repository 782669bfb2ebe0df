"""Timelines and summaries on the pages of staff: all that has happened to a row, in one order."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.approvals import services as approvals
from audit.models import Approval
from gigstream.adminkit import admin_url, list_url
from loans.applications import services as loans
from payments import services as payments
from payments.models import LedgerEntry, Transaction
from platforms import services as platforms
from platforms.models import Dispute
from reputation.scores.services import adjust_reputation
from tests.support.books import releases_of
from tests.support.creators.catalogue import creator
from tests.support.factories import (
    NOW,
    PlatformFactory,
    WorkerFactory,
    approve_by_staff,
    running_stream,
    seconds,
    settle,
    started,
)
from tests.support.pages.addresses import AS_A_PART, page, text_of, timeline_text, whole_page
from tests.support.pages.admin import act, member
from tests.support.quests import claim, open_quest
from workers import services as workers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_the_menu")]

MOST_QUERIES, MOST_OF_A_TIMELINE = 14, 15
SUPPORT = ("workers.view_worker", "audit.view_auditlog", "payments.view_transaction")


@pytest.fixture
def boss():
    return member("boss")


def timeline_of(client, row, **query):
    """Return the timeline as a page loads it."""
    found = client.get(page(row).replace("/change/", "/timeline/"), query, headers=AS_A_PART)
    assert found.status_code == 200
    return found


def read_page(client, row):
    return client.get(page(row))


def lines_of(client, row, **query):
    """Return the lines of a timeline, newest first, as words."""
    html = timeline_of(client, row, **query).content.decode()
    lines = re.findall(r"<li class=\"moment.*?</li>", html, re.S)
    return [" ".join(re.sub(r"<[^>]+>", " ", line).split()) for line in lines]


def every_line(client, row, **query):
    """Return the lines of all pages of a timeline."""
    lines, before = [], ""
    while True:
        found = timeline_of(client, row, **query, **({"before": before} if before else {}))
        lines += re.findall(r"<li class=\"moment.*?</li>", found.content.decode(), re.S)
        older = re.search(r"before=([\w%=-]+)", found.content.decode())
        if older is None:
            return lines
        before = older[1].replace("%3D", "=")


def figures_of(html):
    """Return the figures of a page's summary by their labels."""
    found = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", html, re.S)
    return {label: re.sub(r"<[^>]+>", "", text) for label, text in found}


def paid_stream():
    """Return a stream that has released twice, on two days, and whose pay was paid out."""
    stream = running_stream(total="60", now=NOW, duration=172_800)
    payments.claim_stream(stream_id=stream.pk, now=NOW + seconds(90))
    payments.claim_stream(stream_id=stream.pk, now=NOW + seconds(150))
    payments.claim_stream(stream_id=stream.pk, now=NOW + seconds(86_400))
    payout = payments.cash_out(worker_id=stream.worker_id, now=NOW + seconds(86_401))
    settle(NOW + seconds(86_402))
    payout.refresh_from_db()
    stream.refresh_from_db()
    return stream, payout


def rows_of_every_kind():
    stream, payout = paid_stream()
    task = started(stream.worker, platform=stream.platform, amount="10", now=NOW)
    platforms.dispute_task(task_id=task.pk, severity=2, reason="not as agreed", now=NOW)
    loan = loans.request_loan(worker_id=stream.worker_id, amount="20", fee_bps=200, now=NOW)
    approve_by_staff(loan_id=loan.pk, now=NOW)
    quest = open_quest(PlatformFactory(funds="1000"))
    dispute = Dispute.objects.get()
    return [stream.worker, stream.platform, task, stream, payout, loan, dispute, quest, creator()]


# --- Budgets ------------------------------------------------------------------------------------------------
def test_a_page_and_its_timeline_take_few_queries_for_every_kind_of_row(boss):
    for row in rows_of_every_kind():
        for read, most in ((read_page, MOST_QUERIES), (timeline_of, MOST_OF_A_TIMELINE)):
            read(boss.client, row)
            with CaptureQueriesContext(connection) as captured:
                found = read(boss.client, row)
            assert found.status_code == 200
            assert len(captured) <= most, (row, [one["sql"][:90] for one in captured])


def test_a_longer_story_takes_no_more_queries(boss):
    stream, _ = paid_stream()

    def count(row):
        timeline_of(boss.client, row)
        with CaptureQueriesContext(connection) as captured:
            timeline_of(boss.client, row)
        return len(captured)

    before = [count(row) for row in (stream.worker, stream, stream.platform)]
    for number in range(5):
        payments.claim_stream(stream_id=stream.pk, now=NOW + seconds(86_500 + 60 * number))
        task = started(stream.worker, platform=stream.platform, amount="5", now=NOW)
        platforms.complete_task(task_id=task.pk, now=NOW + seconds(60))

    assert [count(row) for row in (stream.worker, stream, stream.platform)] == before


# --- One order ----------------------------------------------------------------------------------------------
def test_a_workers_timeline_mixes_money_status_decisions_and_staff(boss):
    worker = running_stream(now=NOW).worker
    act(boss.client, "suspend", worker, reason="two accounts")
    act(boss.client, "adjust_reputation", worker, delta="5", reason="good work")
    act(boss.client, "hold_payouts", worker, amount="", days="2", reason="unusual amounts")

    staff = lines_of(boss.client, worker, timeline="staff")

    assert any("Worker suspended" in line and "two accounts" in line and "boss" in line for line in staff)
    assert any("Reputation +5: manual adjustment" in line and "good work" in line for line in staff)
    assert any("Money held until" in line and "everything" in line for line in staff)
    assert sum("good work" in line for line in staff) == 1
    decided = lines_of(boss.client, worker, timeline="decisions")
    assert any("unusual amounts" in line for line in decided)
    assert not any("Task" in line for line in decided)
    everything = lines_of(boss.client, worker)
    assert set(staff) | set(decided) <= set(everything)
    assert any("Task in progress" in line for line in everything)


@pytest.mark.long_form
def test_pages_of_a_timeline_have_every_line_once(boss, monkeypatch):
    stream, _ = paid_stream()
    for number in range(3):
        task = started(stream.worker, platform=stream.platform, amount="5", now=NOW)
        platforms.complete_task(task_id=task.pk, now=NOW + seconds(60 * number))
    whole = [every_line(boss.client, row) for row in (stream.worker, stream, stream.platform)]

    monkeypatch.setattr(
        "gigstream.adminkit.row_pages.timelines.read_timeline.__kwdefaults__",
        {
            "kind": "",
            "position": "",
            "most": 3,
        },
    )

    for row, lines in zip((stream.worker, stream, stream.platform), whole, strict=True):
        assert len(lines) > 6, row
        assert sorted(every_line(boss.client, row)) == sorted(lines), row


def test_earnings_that_are_booked_meanwhile_move_no_line_of_the_next_page(boss, monkeypatch):
    stream, _ = paid_stream()
    worker = stream.worker
    monkeypatch.setattr(
        "gigstream.adminkit.row_pages.timelines.read_timeline.__kwdefaults__",
        {
            "kind": "",
            "position": "",
            "most": 2,
        },
    )
    first = timeline_of(boss.client, worker, timeline="money").content.decode()
    older = re.search(r"before=([\w%=-]+)", first)[1].replace("%3D", "=")
    before = lines_of(boss.client, worker, timeline="money", before=older)

    payments.claim_stream(stream_id=stream.pk, now=NOW + seconds(90_000))

    assert lines_of(boss.client, worker, timeline="money", before=older) == before


def test_a_position_that_no_page_has_led_to_is_not_found(boss):
    worker = WorkerFactory()
    address = page(worker).replace("/change/", "/timeline/")
    for wrong in ("x", "e30=", "W10=", "eyJsb2ciOiAieCJ9", "eyJsb2ciOiAxfQ==", "eyJlYXJuaW5ncyI6ICJ4In0="):
        status = boss.client.get(address, {"before": wrong}).status_code
        assert status == (200 if wrong == "e30=" else 404), wrong
    assert boss.client.get(address, {"timeline": "nonsense"}).status_code == 200


# --- Streams and payouts ------------------------------------------------------------------------------------
def test_the_releases_of_a_stream_are_added_up_by_day_with_single_ones_behind_a_link(boss):
    stream, _ = paid_stream()

    html = timeline_of(boss.client, stream, timeline="money").content.decode()

    assert html.count("Work released") == 2
    assert "Work released, 2 releases" in html
    assert "Work released, 1 release" in html
    link = re.search(r'href="([^"]+releases=1-2)"', html)[1].replace("&amp;", "&")
    listed = boss.client.get(link).context["cl"].result_list
    assert {entry.sequence for entry in listed} == {1, 2}
    assert list_url(LedgerEntry) in link


def test_a_release_leads_to_the_payout_that_carries_it_and_back(boss):
    stream, payout = paid_stream()
    release = releases_of(stream).first()

    assert page(payout) in boss.client.get(page(release)).content.decode()
    assert page(payout) in boss.client.get(page(stream)).content.decode()
    assert f"Paid out : payout {payout.reference} to" in timeline_text(boss.client, stream)
    carried = whole_page(boss.client, payout)
    assert page(release) in carried
    assert page(stream.task) in carried


def test_routine_of_machines_is_left_out_until_it_is_chosen(boss):
    stream, _ = paid_stream()
    platform = stream.platform
    payments.release_due_streams(now=NOW + seconds(100_000))

    assert "Stream pay released" not in timeline_text(boss.client, platform)
    assert "Stream pay released" in timeline_text(boss.client, platform, timeline="machines")


# --- People -------------------------------------------------------------------------------------------------
def test_an_act_of_two_people_names_both_and_the_approval_is_in_the_timeline(boss):
    ann = member("ann")
    platform = PlatformFactory()
    ann.does(
        payments.request_deposit,
        platform_id=platform.pk,
        amount="100",
        tx_hash="0x" + "ab" * 32,
        reason="sent by bank",
    )
    waiting = boss.client.get(page(platform)).content.decode()
    assert "waits for a second person" in waiting
    assert admin_url(Approval.objects.get()) in waiting

    boss.does(approvals.approve, approval_id=Approval.objects.get().pk, reason="seen")

    (done,) = (line for line in lines_of(boss.client, platform) if "Deposit booked" in line)
    assert "boss" in done
    assert "requested by ann" in done
    (request,) = (
        line for line in lines_of(boss.client, platform) if "requested from a second person" in line
    )
    assert "approved" in request
    assert "decided by boss" in request
    assert admin_url(Approval.objects.get()) in timeline_of(boss.client, platform).content.decode()
    assert 'class="next-step' not in boss.client.get(page(platform)).content.decode()


def test_a_corrected_name_is_shown_from_old_to_new_to_those_who_may_see_it(boss):
    worker = WorkerFactory(full_name="Henri Taylor")
    boss.does(
        workers.correct_worker, worker_id=worker.pk, values={"full_name": "Henry Taylor"}, reason="passport"
    )

    assert "full name: Henri Taylor → Henry Taylor" in timeline_text(boss.client, worker)
    clerk = member("clerk", *SUPPORT)
    seen = timeline_text(clerk.client, worker)
    assert "Taylor" not in seen
    assert "full name: Henri T. → Henry T." in seen


def test_who_may_not_see_a_source_reads_nothing_of_it(boss):
    worker = WorkerFactory()
    adjust_reputation(worker_id=worker.pk, delta=5, reason="good work", now=NOW)
    clerk = member("clerk", "workers.view_worker")

    assert "good work" in timeline_text(boss.client, worker)
    assert "Nothing has happened" in timeline_text(clerk.client, worker)
    stranger = member("stranger", "audit.view_auditlog")
    assert stranger.client.get(page(worker).replace("/change/", "/timeline/")).status_code == 403


def test_the_timeline_and_each_section_are_pages_of_their_own_without_a_script(boss):
    stream, _ = paid_stream()
    html = boss.client.get(page(stream.worker)).content.decode()
    address = re.search(r'<a href="([^"]+/timeline/)"', html)[1]

    whole = boss.client.get(address)
    assert "<html" in whole.content.decode()
    assert "Work released" in text_of(whole)
    sections = re.findall(r'<a href="([^"]+/section/[\w-]+/)"', html)
    assert len(sections) == len(set(sections)) > 5
    for section in sections:
        assert "<html" in boss.client.get(section).content.decode()
    assert boss.client.get(f"{address}../section/no-such-section/").status_code == 404


# --- Summaries ----------------------------------------------------------------------------------------------
def test_a_workers_page_begins_with_the_figures_that_matter(boss):
    stream, payout = paid_stream()
    payments.claim_stream(stream_id=stream.pk, now=NOW + seconds(90_000))
    act(boss.client, "hold_payouts", stream.worker, amount="", days="2", reason="unusual amounts")

    html = boss.client.get(page(stream.worker)).content.decode()
    figures = figures_of(html)

    assert figures["Worker"] == "Active"
    assert figures["Available"].endswith("USDC")
    assert (figures["In transit"], figures["Owed"]) == ("0.00 USDC", "0.00 USDC")
    assert figures["Held"] == "everything"
    assert figures["Reputation"] == "500, Bronze"
    assert figures["Open tasks"] == "1"
    assert figures["Last payout"].startswith(f"{payout.amount:.2f} USDC, confirmed")
    assert "Payouts are held since" in html


def test_a_pending_payout_says_since_when_it_waits_for_the_provider(boss):
    worker = started().worker
    payments.grant_reward(worker_id=worker.pk, amount="5", reason="thanks", key="1", now=NOW)
    payout = payments.cash_out(worker_id=worker.pk, now=NOW)

    html = boss.client.get(page(payout)).content.decode()

    assert figures_of(html)["Amount"] == "5.00 USDC"
    assert figures_of(html)["Payout"] == "Pending"
    assert "Waits for the provider since" in html
    Transaction.unguarded.filter(pk=payout.pk).update(
        parked_at=NOW, parked_reason="refused", next_attempt_at=None
    )
    assert "Offer it again or cancel it." in boss.client.get(page(payout)).content.decode()


def test_a_pending_advance_owes_nothing_yet(boss):
    loan = loans.request_loan(worker_id=WorkerFactory().pk, amount="80", fee_bps=350, now=NOW)

    html = boss.client.get(page(loan)).content.decode()

    assert figures_of(html)["Owed"] == "0.00 USDC"
    assert "82.80" in html
    assert "approve or refuse it" in html
    assert not re.search(r"Owed \(USDC\).{0,400}82\.80", html, re.S)


def test_a_dispute_and_a_stream_say_what_they_wait_for(boss):
    task = started(amount="10", now=NOW)
    platforms.dispute_task(task_id=task.pk, severity=2, reason="not as agreed", now=NOW)
    stream = running_stream(now=NOW)
    payments.pause_stream(stream_id=stream.pk, now=NOW + seconds(60))

    dispute = boss.client.get(page(Dispute.objects.get())).content.decode()
    assert figures_of(dispute)["Still held"] == "10.00 USDC"
    assert "Waits for a decision since" in dispute
    assert "Disputed" in boss.client.get(page(task)).content.decode()
    assert "nothing vests until it is resumed" in boss.client.get(page(stream)).content.decode()


def test_a_quest_says_how_many_rewards_are_held(boss):
    quest = open_quest(PlatformFactory(funds="1000"))
    claim(quest, WorkerFactory())

    figures = figures_of(boss.client.get(page(quest)).content.decode())

    assert figures["Quest"] == "Open"
    assert figures["Places taken"].startswith("1")
