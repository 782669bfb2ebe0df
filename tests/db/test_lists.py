"""Lists say how far they were counted, and lead in by filters and by the calendar's dates; a worker's page
reads the risk once."""

import re
from html import unescape

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from gigstream.adminkit import CappedPaginator, admin_url, list_url
from gigstream.adminkit.filters import ReportPaginator
from gigstream.core.clock import database_now
from gigstream.core.postgres.reports import Report
from loans.policy.reports import WorkerEarnings, WorkerRiskAssessment
from payments import services as payments
from payments.figures.reports import ActiveStream, PlatformPerformance
from platforms import services as platforms
from platforms.figures.reports import TaskCompletionStats
from platforms.models import Dispute
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, running_stream, seconds, started
from tests.support.pages.addresses import whole_page
from workers.models import Worker

VIEWS = Report.__subclasses__()

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_the_menu")]


@pytest.fixture
def client():
    client = Client()
    client.force_login(User.objects.create_superuser("root", "root@example.com", "root"))
    return client


def head(client, url):
    """Return the head of the page, in a line."""
    html = client.get(url).content.decode()
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", re.search(r"<h1.*?</h1>", html, re.S)[0])).split())


def test_the_head_of_a_list_tells_how_far_its_rows_were_counted(client, monkeypatch):
    for _ in range(3):
        WorkerFactory(full_name="Alice")
    assert head(client, list_url(Worker)).endswith(" 3 results")
    assert head(client, list_url(Worker, q="alice")).endswith(" 3 results ( Show all )")
    assert head(client, list_url(User)).endswith(" 1 result")

    monkeypatch.setattr(CappedPaginator, "most", 2)
    assert head(client, list_url(Worker)).endswith(" 2 or more results")
    whole = client.get(list_url(Worker)).content.decode()
    assert "All 2 or more selected" in whole
    monkeypatch.setattr(ReportPaginator, "most", 2)
    assert head(client, list_url(WorkerEarnings)).endswith(" 2 or more results")


def test_each_of_the_eight_views_has_filters_and_dates():
    assert len(VIEWS) == 8
    for model in VIEWS:
        options = admin.site.get_model_admin(model)
        assert options.date_hierarchy, model
        assert options.list_filter, model


def test_dates_above_a_list_are_the_calendars_and_not_looked_for_in_its_rows(client):
    platforms.dispute_task(task_id=started().pk, severity=2, reason="not as agreed", now=NOW)
    lists = [model for model, options in admin.site._registry.items() if options.date_hierarchy]
    assert {Dispute, *VIEWS} <= set(lists)
    for model in lists:
        name = admin.site.get_model_admin(model).date_hierarchy
        with CaptureQueriesContext(connection) as captured:
            page = client.get(list_url(model, **{f"{name}__year": NOW.year}))
        assert "staff-calendar" in page.content.decode(), model
        assert len(page.context["cl"].params) == 1, model
        assert [one["sql"] for one in captured if re.search(r"\b(MIN|MAX|DATE_TRUNC)\(", one["sql"])] == [], (
            model
        )


def test_a_date_of_a_view_keeps_the_rows_of_that_day(client):
    now = database_now()
    stream = running_stream(WorkerFactory(now=NOW), platform=PlatformFactory(funds="1000", now=NOW), now=NOW)
    for model, name, day in (
        (WorkerEarnings, "worker__created_at", stream.worker.created_at),
        (WorkerRiskAssessment, "worker__created_at", stream.worker.created_at),
        (ActiveStream, "task__created_at", stream.task.created_at),
        (PlatformPerformance, "platform__created_at", stream.platform.created_at),
        (TaskCompletionStats, "platform__created_at", stream.platform.created_at),
    ):
        for year, rows in ((day.year, True), (day.year - 1, False)):
            chosen = {f"{name}__year": year, f"{name}__month": day.month, f"{name}__day": day.day}
            found = client.get(list_url(model, **chosen)).context["cl"]
            assert bool(found.result_count) is rows, (model, year)
    assert client.get(list_url(ActiveStream, release="late")).context["cl"].result_count == 1
    payments.release_due_streams(now=now)
    assert client.get(list_url(ActiveStream, release="late")).context["cl"].result_count == 0


def test_a_workers_page_reads_the_risk_only_when_a_section_of_it_is_opened(client):
    worker = WorkerFactory()
    platforms.complete_task(task_id=started(worker, amount="10").pk, now=NOW + seconds(60))
    with CaptureQueriesContext(connection) as captured:
        html = client.get(admin_url(worker)).content.decode()
    assert not [one for one in captured if 'FROM "worker_risk_assessment"' in one["sql"]]
    for title in ("Earnings forecast", "What the risk score is made of", "Worker risk assessments"):
        assert title in html
    whole = whole_page(client, worker)
    assert "reputation" in whole.partition("What the risk score is made of")[2].partition("</details>")[0]
    assert "days of history" in whole
