"""A worker's statement: every entry once, and each closing is the next opening."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.db import connection
from django.db.models import Q
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pypdfium2 import PdfDocument

from audit.models import AuditLog
from gigstream.core.clock import database_now
from payments import services as payments
from payments.models import Account, LedgerEntry
from payments.statements.selectors import statements
from payments.statements.selectors.statements import Money, month_of, months_back, read_statement
from payments.statements.statement_pdf import as_pdf
from platforms import services as platforms
from tests.support.api.client import Api
from tests.support.factories import NOW, WorkerFactory, running_stream, seconds, settle, started
from tests.support.long_forms import spread
from tests.support.pages.addresses import whole_page

NAMES = (
    "Zoë Łukasz Ἀθηνᾶ Приянка",
    "أحمد",
    "अनिता शर्मा",
    "สมชาย ใจดี",
    "王芳 刘德华 繁體字 山田太郎 김철수",
    "Ada \N{ROCKET}",
)
UNKNOWN = "\N{REPLACEMENT CHARACTER}"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_the_menu")]


def on_the_books(worker):
    found = dict(Account.objects.filter(worker=worker).values_list("name", "balance"))
    none = Decimal(0)
    return Money(found.get("available", none), found.get("in_transit", none), -found.get("loan", none))


def entries_of(worker):
    own = Account.objects.filter(worker=worker).values("pk")
    return LedgerEntry.objects.filter(Q(debit_account__in=own) | Q(credit_account__in=own))


def month_with_everything():
    worker = WorkerFactory()
    platforms.complete_task(task_id=started(worker, amount="10").pk, now=NOW)
    stream = running_stream(worker, total="6")
    for minutes in (1, 2, 3):
        payments.release_due_streams(now=NOW + seconds(60 * minutes + 1))
    payments.cash_out(worker_id=worker.pk, amount="4", now=NOW + seconds(200))
    settle(NOW + seconds(210))
    return worker, stream


def test_with_very_many_lines_a_streams_releases_of_a_day_are_one(monkeypatch):
    worker, _ = month_with_everything()
    whole = read_statement(worker.pk, *month_of("2026-03"))
    assert [line.words for line in whole.lines] == [
        "Work paid",
        "Work released",
        "Work released",
        "Work released",
        "Payout begun",
        "Payout paid",
    ]

    monkeypatch.setattr(statements, "MOST_LINES", 3)
    folded = read_statement(worker.pk, *month_of("2026-03"))

    assert [(line.kind, line.entries) for line in folded.lines] == [
        ("earning", 1),
        ("release", 3),
        ("payout_hold", 1),
        ("payout_settled", 1),
    ]
    assert folded.folded
    assert not whole.folded
    assert "3 releases" in folded.lines[1].about
    assert (folded.opening, folded.closing, folded.totals) == (whole.opening, whole.closing, whole.totals)


def test_months_are_those_of_the_calendar():
    long_ago, last_month = NOW - timedelta(days=900), NOW.replace(month=2, day=28)
    back = [f"{one:%Y-%m}" for one in months_back(NOW, 4, since=long_ago)]
    assert back == ["2026-03", "2026-02", "2026-01", "2025-12"]
    assert [f"{one:%Y-%m}" for one in months_back(NOW, 4, since=last_month)] == ["2026-03", "2026-02"]
    start, end = month_of("2026-12")
    assert (f"{start:%Y-%m-%d}", f"{end:%Y-%m-%d}") == ("2026-12-01", "2027-01-01")
    for text in ("", "2026-13", "2026-00", "2026-3", "1999-01", "9999-12", "2026-03 ", "٢٠٢٦-03"):
        assert month_of(text) is None


def clerk(*permissions):
    user = User.objects.create_user("clerk", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def test_staff_read_it_as_a_page_from_the_workers_page_and_take_it_as_a_file_on_record():
    worker, stream = month_with_everything()
    client = clerk("view_worker", "view_ledgerentry", "view_account", "view_task", "view_transaction")
    page = reverse("admin:payments_statement", args=[worker.pk])
    this_month = f"{database_now():%Y-%m}"
    assert f"{page}?month={this_month}" in whole_page(client, worker)

    with CaptureQueriesContext(connection) as captured:
        answer = client.get(page, {"month": "2026-03"})
    html = answer.content.decode()
    assert len(captured) == 7
    for text in ("Work released", stream.task.title, "Payout paid", "+10.00", "-4.00", "Closing balance"):
        assert text in html
    span = client.get(page, {"first": "2026-03-01", "last": "2026-03-02"})
    assert span.context["statement"].closing == answer.context["statement"].closing
    for wrong in (
        {"first": "2026-03-02", "last": "2026-03-01"},
        {"first": "x"},
        {"first": "0001-01-01", "last": "0001-01-02"},
    ):
        assert client.get(page, wrong).context["form"].errors
    assert client.get(page, {"month": "2026-99"}).status_code == 200

    file = client.post(f"{page}?month=2026-03", follow=True)
    assert file.content.startswith(b"%PDF-")
    assert file["Content-Disposition"] == 'attachment; filename="statement-2026-03-01.pdf"'
    line = AuditLog.objects.get(action="statement.export")
    assert (line.resource_id, line.metadata["rows"]) == (str(worker.pk), 6)

    User.objects.all().delete()
    assert clerk("view_worker").get(page).status_code == 403


def on_paper(worker, name):
    """Return the text of the worker's statement under this name, as a browser reads it."""
    found = read_statement(worker.pk, *month_of("2026-03"))
    file = as_pdf(found, name=name, identity=str(worker.pk), made_at=NOW)
    with PdfDocument(file) as paper:
        return paper[0].get_textpage().get_text_range()


@pytest.mark.parametrize("name", spread(NAMES, of="names on paper", one_in=3))
def test_a_name_in_any_script_is_on_paper(name):
    worker = WorkerFactory(full_name=name)
    text = on_paper(worker, worker.full_name)
    assert name in text
    assert "could not be printed" not in text


def test_letters_that_no_font_has_are_replaced_and_the_paper_says_so():
    """A name that was stored before names were checked may hold invisible characters."""
    text = on_paper(WorkerFactory(), "ᠮᠣᠩᠭᠣᠯ \U000e0041Ada")
    assert f"{6 * UNKNOWN} Ada" in text
    assert f"could not be printed stand as {UNKNOWN}" in text


def test_workers_read_their_own_month_as_data_or_as_a_file():
    cache.clear()
    worker, stream = month_with_everything()
    api = Api.as_worker(worker)

    found = api.get("me/statements/2026-03").json()

    assert (found["month"], found["complete"]) == ("2026-03", True)
    assert found["opening"] == {"available": "0.000000", "in_transit": "0.000000", "owed": "0.000000"}
    closing = {"available": "6.300000", "in_transit": "0.000000", "owed": "0.000000"}
    assert found["closing"] == closing
    assert found["lines"][1]["stream_id"] == str(stream.pk)
    assert found["lines"][-1]["change"]["in_transit"] == "-4.000000"
    assert api.get("me/statements/2026-04").json()["opening"] == closing
    other = Api.as_worker(WorkerFactory())
    assert other.get("me/statements/2026-03").json()["lines"] == []

    for file in (
        api.get("me/statements/2026-03", format="pdf"),
        api.client.get("/api/v1/me/statements/2026-03", headers={**api.headers, "Accept": "application/pdf"}),
    ):
        assert file["Content-Type"] == "application/pdf"
        assert file.content.startswith(b"%PDF-")
    for month in ("2026-13", "nonsense", "2099-01"):
        refused = api.get(f"me/statements/{month}")
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert json.loads(api.get("me/statements/2026-03", format="json").content) == found
