"""The filter builder: conditions of an address are read, refused or applied, in any list."""

import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, Group, User
from django.db import connection
from django.http import QueryDict
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import AuditLog
from gigstream.adminkit import list_url
from gigstream.adminkit.columns import is_secret
from gigstream.adminkit.filter_builder import changelist
from gigstream.adminkit.filter_builder.columns import DATES, Kind, offered_columns
from gigstream.adminkit.filter_builder.list_query import can_sort, loggable_parameters, read_list_query
from gigstream.core.clock import database_now
from gigstream.core.people import masking
from payments.models import LedgerEntry, Stream, Transaction
from platforms.models import Task
from tests.support.database.valid_rows import insert, valid
from tests.support.factories import PlatformFactory, WorkerFactory, running_stream, started
from tests.support.long_forms import share
from tests.support.pages.addresses import text_of
from tests.support.pages.seeded import signed_in
from workers.models import Worker

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_the_menu")]
LISTS = list(admin.site._registry)
SOME = share(LISTS, of="filtered lists", one_in=6)
# A value that each condition may have, and some that it refuses.
RIGHT = {
    (Kind.AMOUNT, "from"): "1.5",
    (Kind.AMOUNT, "to"): "2000.00",
    (Kind.NUMBER, "from"): "-3",
    (Kind.NUMBER, "to"): "400",
    **{(kind, "from"): "2026-01-31" for kind in DATES},
    **{(kind, "to"): "2026-02-28" for kind in DATES},
    **{(kind, "last"): "7" for kind in DATES},
    **{(kind, "older"): "3" for kind in DATES},
    **{(kind, "is"): "no" for kind in DATES},
    (Kind.YES_NO, "is"): "yes",
    (Kind.TEXT, "is"): "it's 100 %",
    (Kind.TEXT, "begins"): "a_b%",
}
WRONG = {
    (Kind.AMOUNT, "from"): ["five", "1,000", "1e3", "NaN", "0.0000001"],
    (Kind.AMOUNT, "to"): ["-", "9" * 30],
    (Kind.NUMBER, "from"): ["1.5", "²", "9" * 40],
    (Kind.NUMBER, "to"): ["--1", "x"],
    **{(kind, "from"): ["2026-02-30", "yesterday", "9999-12-31", "0001-01-01"] for kind in DATES},
    **{(kind, "to"): ["2026", "31.03.2026"] for kind in DATES},
    **{(kind, "last"): ["0", "-1", "seven", "99999"] for kind in DATES},
    **{(kind, "older"): ["1.5", "9" * 20] for kind in DATES},
    **{(kind, "is"): ["maybe"] for kind in DATES},
    (Kind.YES_NO, "is"): ["1", "true"],
    (Kind.CHOICE, "is"): ["no such choice"],
    (Kind.TEXT, "is"): ["a" * 201],
    (Kind.TEXT, "begins"): ["a" * 201],
    (Kind.ROW, "is"): ["no id at all"],
    (Kind.ROW, "named"): ["nobody is called so"],
}


@pytest.fixture
def root():
    return User.objects.create_superuser("root", "root@example.com", "root")


@pytest.fixture
def client(root):
    return signed_in(root)


def in_role(role):
    user = User.objects.create_user(f"{role}@example.com", f"{role}@example.com", is_staff=True)
    user.groups.set(Group.objects.filter(name=role))
    return user


def read(user, model, address="", **given):
    """Return the list that the address gives this person, without drawing its page."""
    request = RequestFactory().get(f"{list_url(model)}?{address}", given or None)
    request.user = user
    return admin.site.get_model_admin(model).get_changelist_instance(request)


def request_of(user):
    request = RequestFactory().get("/")
    request.user = user
    return request


def right_value(column, operator):
    if column.kind == Kind.CHOICE:
        return column.choices[0][0]
    if column.kind == Kind.ROW:
        key = column.field.related_model._meta.pk
        return "0198f000-0000-7000-8000-000000000001" if key.get_internal_type() == "UUIDField" else "1"
    return RIGHT[column.kind, operator]


def keys(listed):
    return {row.pk for row in listed.result_list}


# --- Every list ---------------------------------------------------------------------------------------------
@pytest.mark.shortened
def test_every_condition_of_every_list_is_answered_within_the_budget(root):
    for model in SOME:
        for column in offered_columns(admin.site.get_model_admin(model)).values():
            for operator in column.operators:
                if (column.kind, operator) == (Kind.ROW, "named"):
                    continue
                with CaptureQueriesContext(connection) as captured:
                    value = right_value(column, operator)
                    listed = read(root, model, **{f"{column.path}.{operator}": value})
                    list(listed.result_list)
                about = (model, column.path, operator)
                assert listed.list_query.refusals == [], about
                assert [one.name for one in listed.list_query.conditions] == [f"{column.path}.{operator}"]
                assert len(captured) <= 5, about


@pytest.mark.long_form
def test_every_condition_of_every_list_refuses_what_the_column_cannot_have(root):
    for model in SOME:
        for column in offered_columns(admin.site.get_model_admin(model)).values():
            for operator in column.operators:
                for value in WRONG.get((column.kind, operator), ()):
                    name = f"{column.path}.{operator}"
                    query = read(root, model, **{name: value}).list_query
                    assert (query.conditions, len(query.refusals)) == ([], 1), (model, name, value)
                    assert query.refusals[0].startswith(column.label)


@pytest.mark.long_form
def test_every_column_sorts_its_list_both_ways_within_the_budget(root):
    for model in SOME:
        for column in offered_columns(admin.site.get_model_admin(model)).values():
            for sort in (column.path, f"-{column.path}"):
                with CaptureQueriesContext(connection) as captured:
                    listed = read(root, model, sort=sort)
                    list(listed.result_list)
                assert listed.list_query.sort == (sort if can_sort(column) else ""), (model, sort)
                assert len(captured) <= 4, (model, sort)


def test_no_list_offers_a_secret_column_or_whole_texts_of_people():
    for model in LISTS:
        for column in offered_columns(admin.site.get_model_admin(model)).values():
            assert not is_secret(column.field), (model, column.path)
            assert column.field.get_internal_type() not in ("TextField", "JSONField"), (model, column.path)


@given(
    name=st.sampled_from(
        ["status.is", "amount.from", "amount.to", "created_at.from", "created_at.last", "worker.is", "x.is"]
    ),
    values=st.lists(st.text(max_size=30).filter(lambda text: "\x00" not in text), min_size=1, max_size=3),
)
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_an_address_says_is_a_condition_or_a_refusal(root, name, values):
    query = QueryDict(mutable=True)
    query.setlist(name, values)
    listed = read(root, Transaction, query.urlencode())
    assert list(listed.result_list) == []
    given = [value for value in values if value.strip()]
    assert len(listed.list_query.conditions) + len(listed.list_query.refusals) == bool(given)


# --- Meaning of conditions ----------------------------------------------------------------------------------
def test_conditions_are_joined_by_and(root):
    small = insert(valid(Transaction, amount="5.00"))
    large = insert(valid(Transaction, amount="50.00"))
    assert keys(read(root, Transaction, **{"amount.from": "5"})) == {small.pk, large.pk}
    assert keys(read(root, Transaction, **{"amount.from": "5", "amount.to": "49.99"})) == {small.pk}
    both = {"amount.to": "50", "status.is": small.status, "type.is": small.type}
    assert keys(read(root, Transaction, **both)) == {small.pk, large.pk}
    assert keys(read(root, Transaction, "amount.to=50&status.is=failed")) == set()


def test_a_choice_may_have_several_values(root):
    paid, failed = (WorkerFactory(), WorkerFactory())
    Worker.objects.filter(pk=failed.pk).update(status="suspended")
    assert keys(read(root, Worker, "status.is=suspended&status.is=active")) == {paid.pk, failed.pk}
    assert keys(read(root, Worker, "status.is=suspended")) == {failed.pk}


def test_dates_end_with_their_last_day_and_relative_ones_end_now(root):
    now = database_now()
    old = WorkerFactory(now=now - timedelta(days=10))
    new = WorkerFactory(now=now - timedelta(days=1))
    day = f"{old.created_at:%Y-%m-%d}"
    assert keys(read(root, Worker, **{"created_at.from": day, "created_at.to": day})) == {old.pk}
    assert keys(read(root, Worker, **{"created_at.last": "7"})) == {new.pk}
    assert keys(read(root, Worker, **{"created_at.older": "7"})) == {old.pk}
    assert keys(read(root, Worker, **{"deleted_at.is": "no"})) == {old.pk, new.pk}
    assert keys(read(root, Worker, **{"deleted_at.is": "yes"})) == set()


def test_a_range_that_ends_before_it_begins_is_refused_and_the_list_stays(client):
    worker = WorkerFactory(full_name="Alice Jones")
    page = client.get(list_url(Worker, **{"total_earned.from": "9", "total_earned.to": "3"}))
    assert "Total earned: 9 to 3 ends before it begins." in text_of(page)
    assert keys(page.context["cl"]) == {worker.pk}
    page = client.get(list_url(Worker, **{"created_at.from": "2026-03-02", "created_at.to": "2026-03-01"}))
    assert "2026-03-02 to 2026-03-01 ends before it begins." in text_of(page)


def test_an_unknown_column_or_condition_is_named_and_the_list_stays(client):
    worker = WorkerFactory()
    page = client.get(list_url(Worker, **{"shoe_size.is": "42", "status.from": "a", "sort": "password_hash"}))
    text = text_of(page)
    for words in ("no column “shoe_size” to filter by", "Status has no condition “from”", "to sort by"):
        assert words in text
    assert keys(page.context["cl"]) == {worker.pk}


def test_people_are_named_and_the_address_keeps_their_ids(client):
    alice, bob = WorkerFactory(full_name="Alice Jones"), WorkerFactory(full_name="Bob Brown")
    task, other = started(alice), started(bob)
    page = client.get(list_url(Task, **{"worker.named": "alice", "amount.from": ""}), follow=True)
    assert page.redirect_chain[-1][0].endswith(f"?worker.is={alice.pk}")
    assert keys(page.context["cl"]) == {task.pk}
    assert "Worker: Alice Jones" in text_of(page)
    page = client.get(list_url(Task, **{"worker.named": "nobody"}))
    assert "Worker: “nobody” finds nothing, or more than 20 rows." in text_of(page)
    assert keys(page.context["cl"]) == {task.pk, other.pk}


def test_a_stream_is_filtered_by_the_worker_of_its_task(client):
    columns = offered_columns(admin.site.get_model_admin(Stream))
    assert columns["task__worker"].is_indexed
    assert [one for one in columns.values() if one.label == "Worker"] == [columns["task__worker"]]


def test_the_list_is_sorted_by_the_column_of_the_address(root):
    few, many = WorkerFactory(), WorkerFactory()
    Worker.objects.filter(pk=many.pk).update(total_tasks=9)
    assert [row.pk for row in read(root, Worker, sort="total_tasks").result_list] == [few.pk, many.pk]
    assert [row.pk for row in read(root, Worker, sort="-total_tasks").result_list] == [many.pk, few.pk]


def test_conditions_without_an_index_are_looked_for_among_the_newest_rows(client, monkeypatch):
    old, new = WorkerFactory(), WorkerFactory()
    assert keys(client.get(list_url(Worker, **{"total_tasks.to": "5"})).context["cl"]) == {old.pk, new.pk}
    monkeypatch.setattr(changelist, "NEWEST", 1)
    page = client.get(list_url(Worker, **{"total_tasks.to": "5"}))
    assert keys(page.context["cl"]) == {new.pk}
    assert "Looked for among the newest 1 rows, as no index serves Total tasks." in " ".join(
        text_of(page).split()
    )
    # An index serves the status, in all rows.
    assert keys(client.get(list_url(Worker, **{"status.is": "active"})).context["cl"]) == {old.pk, new.pk}


def test_an_index_serves_a_column_that_is_said_to_have_one():
    for model in SOME:
        for column in offered_columns(admin.site.get_model_admin(model)).values():
            if not model._meta.managed or not column.is_indexed or "__" in column.path:
                continue
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid"
                    " AND a.attnum = i.indkey[0] WHERE i.indrelid = %s::regclass AND a.attname = %s",
                    [model._meta.db_table, column.field.column],
                )
                assert cursor.fetchone()[0] > 0, (model, column.path)


# --- Chips, the form, and the rest of the address -----------------------------------------------------------
def test_each_condition_is_a_chip_with_the_address_without_it(client):
    page = client.get(list_url(Transaction, **{"status.is": "failed", "amount.from": "5", "q": "x"}))
    html = page.content.decode()
    assert re.findall(r'aria-label="Remove: ([^"]+)"', html) == ["Status: Failed", "Amount from 5"]
    assert 'class="chip" href="?amount.from=5&amp;q=x"' in html
    assert "2 conditions" in html


def test_filters_of_the_lists_own_are_chips_too_and_stay_when_the_form_is_sent(client):
    page = client.get(list_url(Transaction, status__exact="failed", in_transit="yes"))
    html = page.content.decode()
    assert "Remove: Status: Failed" in html
    assert '<input type="hidden" name="status__exact" value="failed">' in html


def test_the_form_shows_what_the_address_gives(client):
    html = client.get(list_url(Transaction, **{"amount.from": "7.5", "sort": "-amount"})).content.decode()
    assert 'name="amount.from" value="7.5"' in html
    assert '<option value="-amount" selected>Amount' in html


def test_the_whole_page_stays_within_its_budget(client, django_assert_max_num_queries):
    worker = WorkerFactory()
    # The views of the list are kept after a first look.
    client.get(list_url(Transaction))
    address = list_url(Transaction, **{"worker.is": worker.pk, "confirmations.from": "1", "sort": "amount"})
    with django_assert_max_num_queries(7):
        assert client.get(address).status_code == 200


def test_a_file_has_the_rows_that_the_conditions_keep(client):
    small = insert(valid(Transaction, amount="5.00", idempotency_key="small"))
    large = insert(valid(Transaction, amount="50.00", idempotency_key="large"))
    given = {"amount.from": "10", "status.is": large.status}
    sent = client.post(list_url(Transaction, **given).replace("/?", "/export.csv?"), follow=True)
    text = b"".join(sent.streaming_content).decode()
    assert str(large.pk) in text
    assert str(small.pk) not in text
    line = AuditLog.objects.get(action="list.export")
    assert line.metadata["filters"] == f"amount.from=10&status.is={large.status}"


def test_the_log_of_a_file_keeps_no_search_and_no_text_of_a_condition(root):
    address = "q=Ana+Silva&title.begins=Ana+Silva&status.is=completed&worker__id__exact=7"
    kept = loggable_parameters(
        read_list_query(admin.site.get_model_admin(Task), request_of(root), dict(QueryDict(address).lists())),
        QueryDict(address),
    )
    assert kept == [("title.begins", "a text"), ("status.is", "completed"), ("worker__id__exact", "7")]


def test_nothing_is_exported_or_done_while_a_condition_is_refused(client):
    stream = running_stream()
    address = list_url(Stream, **{"release_failures.from": "many"})
    of_money = list_url(Transaction, **{"amount.from": "many"})
    answer = client.post(of_money.replace("/?", "/export.csv?"), follow=True)
    assert "nothing was exported" in text_of(answer)
    form = {"action": "pause", "_selected_action": [str(stream.pk)], "select_across": "1"}
    answer = client.post(address, form, follow=True)
    assert "nothing was done" in text_of(answer)
    assert not AuditLog.objects.filter(action="list.export").exists()


# --- Hidden columns -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "given", [{"email.is": "alice@example.com"}, {"full_name.begins": "A"}, {"sort": "email"}]
)
def test_support_neither_filters_nor_sorts_by_what_is_hidden_from_them(given):
    WorkerFactory(full_name="Alice Jones", email="alice@example.com")
    other = WorkerFactory(full_name="Bob Brown", email="bob@example.com")
    client = signed_in(in_role("support"))
    page = client.get(list_url(Worker, **given))
    assert "is hidden from you: the list is not" in text_of(page)
    assert page.context["cl"].result_count == 2
    assert other.pk in keys(page.context["cl"])
    html = page.content.decode()
    assert 'aria-label="Email is"' not in html
    assert '<option value="email"' not in html


def test_support_compares_other_texts_in_full_only():
    task = started()
    client = signed_in(in_role("support"))
    whole = client.get(list_url(Task, **{"title.is": task.title}))
    assert keys(whole.context["cl"]) == {task.pk}
    part = client.get(list_url(Task, **{"title.begins": task.title[:2]}))
    assert "give the text in full" in text_of(part)
    assert 'aria-label="Title begins with"' not in part.content.decode()


def test_support_names_a_worker_by_a_whole_email_only():
    alice = WorkerFactory(full_name="Alice Jones", email="alice@example.com")
    task = started(alice)
    client = signed_in(in_role("support"))
    page = client.get(list_url(Task, **{"worker.named": "alice@example.com"}), follow=True)
    assert keys(page.context["cl"]) == {task.pk}
    assert "Alice Jones" not in text_of(page)
    page = client.get(list_url(Task, **{"worker.named": "ali"}), follow=True)
    assert "“ali” finds nothing" in text_of(page)


def test_personal_columns_are_hidden_from_who_may_not_see_them():
    request = request_of(AnonymousUser())
    column = offered_columns(admin.site.get_model_admin(Worker))["email"]
    assert column.is_personal
    assert not column.hidden_from(request)
    with masking.hide_personal_data(True):
        assert column.hidden_from(request)


def test_a_row_is_no_condition_for_who_may_not_see_such_rows():
    request = request_of(in_role("support"))
    column = offered_columns(admin.site.get_model_admin(LedgerEntry))["transaction"]
    assert not column.hidden_from(request)
    request.user = User.objects.create_user("newcomer", is_staff=True)
    assert column.hidden_from(request)


def test_a_platform_that_is_named_by_too_many_is_refused(client):
    for number in range(21):
        PlatformFactory(name=f"Courier {number}")
    page = client.get(list_url(Task, **{"platform.named": "courier"}), follow=True)
    assert "Platform: “courier” finds nothing, or more than 20 rows." in text_of(page)
