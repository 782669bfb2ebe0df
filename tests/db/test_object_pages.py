"""A row's page: its story in drawings and figures, in the same number of statements for a long story."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.log.context import Actor, acting
from audit.log.enums import ActorType
from gigstream.adminkit import admin_url, list_url
from loans.applications import services as loans
from loans.disbursement import services as disbursement_services
from payments import services as payments
from payments.ledger.subjects import LOAN
from payments.models import LedgerEntry, Transaction
from platforms import services as platforms
from platforms.models import Task
from reputation.models import ReputationEvent
from reputation.scores.services import adjust_reputation
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
from tests.support.pages.addresses import whole_page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_the_menu")]


@pytest.fixture
def client():
    client = Client()
    client.force_login(User.objects.create_superuser("root", "root@example.com", "root"))
    return client


def text_of(client, row):
    return unescape(whole_page(client, row))


def cells(text, title):
    """Return the cells of the table with this title."""
    table = text.partition(title)[2].partition("</details>")[0]
    return [cell.strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", table, re.S)]


def statements(client, row):
    """Return the number of statements of a page after the first of its kind: Django keeps a model's
    content type."""
    client.get(admin_url(row))
    with CaptureQueriesContext(connection) as captured:
        client.get(admin_url(row))
    return len(captured)


@pytest.fixture
def stream():
    """A stream that has released 12 of 100 USDC within two minutes, and was claimed from."""
    platform = PlatformFactory(funds="1000", now=NOW)
    stream = running_stream(WorkerFactory(now=NOW), platform=platform, now=NOW)
    payments.claim_stream(stream_id=stream.pk, now=NOW + seconds(90))
    stream.refresh_from_db()
    return stream


def test_a_workers_page_draws_what_was_earned(client, stream):
    payments.grant_reward(worker_id=stream.worker_id, amount="30", reason="thanks", key="1")
    text = text_of(client, stream.worker)
    assert "Earnings of the last 30 days" in text
    assert text.count("<rect ") == 30
    assert "30.00 USDC until " in text
    assert "<rect " not in text_of(client, WorkerFactory())


def test_a_streams_page_draws_what_was_released_and_what_is_vested(client, stream):
    text = text_of(client, stream)
    assert f"released {stream.released_amount:.2f} USDC" in text
    assert f"vested {stream.total_amount:.2f} USDC" in text
    assert text.count("<polyline ") == 3
    payments.cancel_stream(stream_id=stream.pk, now=NOW + seconds(120))
    assert text_of(client, stream).count("<polyline ") == 2


def test_a_platforms_page_tells_its_runway_and_how_it_pays(client):
    platform = PlatformFactory(funds="1000", now=NOW)
    for minutes in (10, 30, 20):
        task = started(platform=platform, amount="10", now=NOW)
        platforms.complete_task(task_id=task.pk, now=NOW + seconds(60 * minutes))
    task = started(platform=platform, amount="10", now=NOW)
    platforms.dispute_task(task_id=task.pk, severity=2, reason="not as agreed", now=NOW)

    text = text_of(client, platform)

    record = cells(text, "Payment record of the newest 1,000 tasks")
    assert record == ["4", "3", "0", "20 minutes", "29 minutes", "1", "25.0 %"]
    assert cells(text, "Balance and runway")[1] == "10.20 USDC"


def test_a_loans_page_tells_each_repayment_and_what_is_owed_after_it(client):
    worker = WorkerFactory(now=NOW)
    loan = loans.request_loan(worker_id=worker.pk, amount="20", fee_bps=200, now=NOW)
    approve_by_staff(loan_id=loan.pk, now=NOW)
    disbursement_services.disburse_loan(loan_id=loan.pk, now=NOW)
    settle(NOW + seconds(1))
    platforms.complete_task(task_id=started(worker, amount="6", now=NOW).pk, now=NOW + seconds(60))
    loan.refresh_from_db()

    lines = cells(text_of(client, loan), "<h2>Repayment<")

    entry = LedgerEntry.objects.of(LOAN, loan.pk).get(kind="repayment")
    assert lines[1:4] == ["paid out", "20.00 USDC", "20.40 USDC"]
    assert lines[5:8] == [f'<a href="{admin_url(entry)}">repaid</a>', "3.00 USDC", "17.40 USDC"]
    assert lines[9:12] == ["due", "half of each earning, at most 4.08 USDC", "17.40 USDC"]


def test_a_text_that_names_somebody_links_to_them(client):
    worker, root = WorkerFactory(), User.objects.get()
    with acting(Actor(ActorType.STAFF, str(root.pk))):
        adjust_reputation(worker_id=worker.pk, delta=5, reason="good work")
    html = client.get(list_url(ReputationEvent)).content.decode()
    assert f'<a href="{admin_url(root)}"><bdi>{root.username}</bdi></a>' in html


def test_who_may_not_see_the_ledger_is_drawn_nothing_from_it(stream):
    clerk = User.objects.create_user("clerk", password="x", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename="view_stream"))
    client = Client()
    client.force_login(clerk)
    assert "<polyline " not in text_of(client, stream)


def test_a_longer_story_takes_no_more_statements(client, stream):
    worker, platform = stream.worker, stream.platform
    rows = (worker, platform, stream)
    before: list[int] = []
    for number in range(12):
        # A page has a statement more for the first payout, and no more for the others.
        before = before or ([] if number == 0 else [statements(client, row) for row in rows])
        payments.claim_stream(stream_id=stream.pk, now=NOW + seconds(100 + number))
        task = started(worker, platform=platform, amount="5", now=NOW)
        platforms.complete_task(task_id=task.pk, now=NOW + seconds(60))
        payments.cash_out(worker_id=worker.pk, now=NOW + seconds(200 + number))
    assert [statements(client, row) for row in rows] == before
    assert max(before) < 15


def test_rows_are_found_by_an_email_without_reading_all_of_them(client, stream):
    for model in (Task, Transaction, ReputationEvent):
        with CaptureQueriesContext(connection) as captured:
            found = client.get(list_url(model, q=stream.worker.email.upper()))
        assert found.context["cl"].result_count >= (model is Task), model
        counted = next(one["sql"] for one in captured if "COUNT(*)" in one["sql"])
        assert '"workers"' not in counted, model
