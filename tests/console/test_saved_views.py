"""Saved views: a list under a name, private or shared, in the menu with its count, and never past a mask."""

import pytest
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.log.context import Actor, acting
from audit.log.enums import ActorType
from audit.models import AuditLog
from gigstream.adminkit import list_url
from gigstream.core.people.names import InvalidName
from gigstream.saved_views import counts, services
from gigstream.saved_views.errors import CannotBeSaved, NameTaken, NotTheOwner, TooManyViews
from gigstream.saved_views.links import view_url
from gigstream.saved_views.models import SavedView
from payments.models import Account, Transaction
from tests.support.database.valid_rows import insert, valid
from tests.support.factories import WorkerFactory
from tests.support.pages.addresses import text_of
from tests.support.pages.seeded import signed_in
from workers.models import Worker

pytestmark = pytest.mark.django_db
PAYOUTS = "payments.transaction"
SUSPENDED = {
    "conditions": [{"column": "status", "operator": "is", "values": ["suspended"]}],
    "filters": [],
    "sort": "-created_at",
}
BY_NAME = {
    "conditions": [{"column": "full_name", "operator": "begins", "values": ["Ali"]}],
    "filters": [],
    "sort": "",
}


@pytest.fixture(autouse=True)
def _empty_cache():
    cache.clear()
    yield
    cache.clear()


def in_role(role, name=""):
    username = f"{name or role}@example.com"
    user = User.objects.create_user(username, username, is_staff=True, first_name=(name or role).title())
    user.groups.set(Group.objects.filter(name=role))
    return user


@pytest.fixture
def olga():
    return in_role("operations", "olga")


@pytest.fixture
def finn():
    return in_role("finance", "finn")


def save(owner, name="Suspended", *, list_of="workers.worker", query=SUSPENDED, is_shared=False):
    return services.save_view(owner_id=owner.pk, list_of=list_of, name=name, query=query, is_shared=is_shared)


def save_by_page(client, model, name, query, **more):
    form = {"list": model._meta.label_lower, "name": name, "query": query, **more}
    return client.post(reverse("console:save-view"), form, follow=True)


def change(client, view, do, **more):
    return client.post(reverse("console:change-view", args=[view.pk]), {"do": do, **more}, follow=True)


def keys(page):
    return {row.pk for row in page.context["cl"].result_list}


def lines_of(view):
    found = AuditLog.objects.filter(resource_type="savedview", resource_id=str(view.pk)).order_by("id")
    return [(line.action, line.success) for line in found]


# --- The services -------------------------------------------------------------------------------------------
def test_names_are_unique_for_an_owner_and_a_list(olga, finn):
    view = save(olga)
    with pytest.raises(NameTaken, match="you have a view “Suspended” of this list"):
        save(olga, " Suspended ")
    save(finn)
    save(olga, list_of=PAYOUTS)
    other = save(olga, "Others")
    with pytest.raises(NameTaken):
        services.rename_view(view_id=other.pk, by=olga.pk, name="Suspended")
    other.refresh_from_db()
    assert (view.name, other.name) == ("Suspended", "Others")
    assert SavedView.objects.filter(owner=olga, list_of="workers.worker").count() == 2


@pytest.mark.parametrize(
    ("name", "error"), [("", InvalidName), ("a\u202eb", InvalidName), ("a" * 61, CannotBeSaved)]
)
def test_a_name_is_a_short_line_of_text(olga, name, error):
    with pytest.raises(error):
        save(olga, name)
    assert not SavedView.objects.exists()


def test_only_its_owner_changes_a_view(olga, finn):
    view = save(olga, is_shared=True)
    for act in (
        lambda: services.rename_view(view_id=view.pk, by=finn.pk, name="Mine"),
        lambda: services.replace_view(view_id=view.pk, by=finn.pk, query=BY_NAME),
        lambda: services.withdraw_view(view_id=view.pk, by=finn.pk),
        lambda: services.share_view(view_id=view.pk, by=finn.pk),
        lambda: services.move_view_up(view_id=view.pk, by=finn.pk),
        lambda: services.delete_view(view_id=view.pk, by=finn.pk),
    ):
        with pytest.raises(NotTheOwner):
            act()
    kept = SavedView.objects.get(pk=view.pk)
    assert (kept.name, kept.query, kept.is_shared) == ("Suspended", SUSPENDED, True)


def test_acts_on_shared_views_are_on_record_without_values_and_those_on_private_ones_are_not(olga, finn):
    with acting(Actor(ActorType.STAFF, str(olga.pk))):
        private = save(olga, "Private")
        services.rename_view(view_id=private.pk, by=olga.pk, name="Quiet")
        assert lines_of(private) == []
        view = save(olga)
        services.share_view(view_id=view.pk, by=olga.pk)
        services.rename_view(view_id=view.pk, by=olga.pk, name="Stopped")
        services.replace_view(view_id=view.pk, by=olga.pk, query=BY_NAME)
    with acting(Actor(ActorType.STAFF, str(finn.pk))), pytest.raises(NotTheOwner):
        services.delete_view(view_id=view.pk, by=finn.pk)
    with acting(Actor(ActorType.STAFF, str(olga.pk))):
        services.withdraw_view(view_id=view.pk, by=olga.pk)
        services.share_view(view_id=view.pk, by=olga.pk)
        services.delete_view(view_id=view.pk, by=olga.pk)
    assert lines_of(view) == [
        ("saved_view.share", True),
        ("saved_view.rename", True),
        ("saved_view.replace", True),
        ("saved_view.delete", False),
        ("saved_view.withdraw", True),
        ("saved_view.share", True),
        ("saved_view.delete", True),
    ]
    replaced = AuditLog.objects.get(action="saved_view.replace")
    assert replaced.changes_before["columns"] == ["status"]
    assert replaced.changes_after["columns"] == ["full_name"]
    assert "Ali" not in str(replaced.changes_after)


def test_a_view_that_is_withdrawn_leaves_the_menus_of_others(olga, finn):
    view = save(olga, is_shared=True)
    services.pin_view(view_id=view.pk, by=finn.pk)
    services.pin_view(view_id=view.pk, by=olga.pk)
    services.withdraw_view(view_id=view.pk, by=olga.pk)
    assert list(view.pinned_by.all()) == [olga]
    with pytest.raises(NotTheOwner):
        services.pin_view(view_id=view.pk, by=finn.pk)


def test_a_menu_and_a_list_have_a_limit(olga, monkeypatch):
    monkeypatch.setattr(services, "MOST_PINNED", 1)
    monkeypatch.setattr(services, "MOST_VIEWS", 2)
    first, second = save(olga, "First"), save(olga, "Second")
    with pytest.raises(TooManyViews):
        save(olga, "Third")
    services.pin_view(view_id=first.pk, by=olga.pk)
    services.pin_view(view_id=first.pk, by=olga.pk)
    with pytest.raises(TooManyViews):
        services.pin_view(view_id=second.pk, by=olga.pk)
    services.unpin_view(view_id=first.pk, by=olga.pk)
    services.pin_view(view_id=second.pk, by=olga.pk)
    assert list(olga.pinned_views.all()) == [second]


def test_views_stand_in_the_order_of_their_owner(olga):
    views = [save(olga, name) for name in ("First", "Second", "Third")]
    services.move_view_up(view_id=views[2].pk, by=olga.pk)
    services.move_view_up(view_id=views[0].pk, by=olga.pk)
    page = signed_in(olga).get(list_url(Worker))
    html = page.content.decode()
    found = [html.index(f'href="{view_url(view)}"') for view in views]
    assert found[0] < found[2] < found[1]


# --- Saving and opening on the pages ------------------------------------------------------------------------
def test_the_list_is_saved_as_it_is_and_opened_again(olga):
    WorkerFactory(full_name="Alice Jones")
    bob = WorkerFactory(full_name="Bob Brown")
    Worker.objects.filter(pk=bob.pk).update(status="suspended")
    client = signed_in(olga)

    page = save_by_page(client, Worker, "Stopped", "status.is=suspended&sort=-created_at&p=2", shared="1")

    view = SavedView.objects.get()
    assert (view.query, view.is_shared, view.owner) == (SUSPENDED, True, olga)
    assert page.redirect_chain[-1][0].startswith(list_url(Worker))
    assert keys(page) == {bob.pk}
    assert "The view “Stopped” is saved." in text_of(page)
    opened = client.get(view_url(view), follow=True)
    assert opened.redirect_chain[-1][0].endswith(f"?status.is=suspended&sort=-created_at&view={view.pk}")
    assert "(changed)" not in text_of(opened)
    changed = client.get(list_url(Worker, view=view.pk, **{"status.is": "active"}))
    assert "(changed)" in text_of(changed)


def test_a_view_keeps_the_filters_of_the_lists_own(olga):
    client = signed_in(olga)
    page = save_by_page(client, Transaction, "Failed", "status__exact=failed&in_transit=yes")
    assert SavedView.objects.get().query["filters"] == [
        {"name": "in_transit", "values": ["yes"]},
        {"name": "status__exact", "values": ["failed"]},
    ]
    assert "status__exact=failed" in page.redirect_chain[-1][0]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "there is nothing to save"),
        ("q=alice", "keeps no search"),
        ("email.is=alice%40example.com", "keeps no personal data"),
        ("full_name.begins=Alice", "keeps no personal data: of Full name at most 3 letters"),
        ("status.is=asleep", "Status is never “asleep”"),
        ("password_hash__exact=x", "cannot be filtered by “password_hash__exact”"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_the_list_stays(olga, query, words):
    client = signed_in(olga)
    if "password" in query:
        form = {"list": "workers.worker", "name": "Mine", "query": query}
        client.post(reverse("console:save-view"), form)
    else:
        assert words in text_of(save_by_page(client, Worker, "Mine", query))
    assert not SavedView.objects.exists()


def test_a_view_of_the_audit_log_keeps_no_words_of_people(olga):
    client = signed_in(olga)
    refused = save_by_page(client, AuditLog, "Mine", "by=alice&action=claim.take")
    assert "keeps no words or names: save the list without “person”" in text_of(refused)
    save_by_page(client, AuditLog, "Mine", "action=claim.take&outcome=refused")
    assert [one["name"] for one in SavedView.objects.get().query["filters"]] == ["action", "outcome"]


def test_a_view_of_a_list_that_its_reader_may_not_see_is_refused(olga, finn):
    support = signed_in(in_role("support"))
    view = save(olga, "Ledger", list_of="payments.ledgerentry", is_shared=True)
    assert support.get(view_url(view)).status_code == 403
    form = {"list": "payments.ledgerentry", "name": "Mine", "query": "amount.from=1"}
    assert support.post(reverse("console:save-view"), form).status_code == 403
    assert support.post(reverse("console:save-view"), {**form, "list": "no.list"}).status_code == 404
    assert signed_in(finn).get(view_url(view)).status_code == 302


def test_a_private_view_is_there_for_its_owner_only(olga, finn):
    view = save(olga)
    client = signed_in(finn)
    assert client.get(view_url(view)).status_code == 404
    assert client.post(reverse("console:change-view", args=[view.pk]), {"do": "pin"}).status_code == 404
    page = client.get(list_url(Worker, view=view.pk))
    assert "no such view any more, or it is not shared" in text_of(page)
    assert view_url(view) not in page.content.decode()


def test_a_shared_view_is_opened_by_others_who_may_not_change_it(olga, finn):
    view = save(olga, is_shared=True)
    client = signed_in(finn)
    page = client.get(view_url(view), follow=True)
    assert "by Olga" in " ".join(text_of(page).split())
    assert 'value="rename"' not in page.content.decode()
    for do in ("rename", "replace", "share", "withdraw", "delete", "up"):
        address = reverse("console:change-view", args=[view.pk])
        form = {"do": do, "name": "Mine", "query": "status.is=active"}
        assert client.post(address, form).status_code == 403, do
    assert client.post(reverse("console:change-view", args=[view.pk]), {"do": "burn"}).status_code == 404
    assert SavedView.objects.get().name == "Suspended"


def test_its_owner_renames_replaces_shares_and_deletes_it_above_the_list(olga):
    view = save(olga)
    client = signed_in(olga)
    change(client, view, "rename", name="Stopped", query="status.is=suspended")
    change(client, view, "share")
    page = change(client, view, "replace", query=f"status.is=active&view={view.pk}")
    view.refresh_from_db()
    assert (view.name, view.is_shared, view.query["conditions"][0]["values"]) == ("Stopped", True, ["active"])
    assert "status.is=active" in page.redirect_chain[-1][0]
    assert view.changed_at > view.created_at
    change(client, view, "withdraw")
    page = change(client, view, "delete", query=f"status.is=active&view={view.pk}")
    assert page.redirect_chain[-1][0] == list_url(Worker, **{"status.is": "active"})
    assert not SavedView.objects.exists()


def test_a_view_with_a_hidden_column_is_not_applied_and_says_so_without_its_value(olga):
    WorkerFactory(full_name="Alice Jones")
    WorkerFactory(full_name="Bob Brown")
    view = save(olga, "Some", query=BY_NAME, is_shared=True)
    support = signed_in(in_role("support"))
    page = support.get(view_url(view), follow=True)
    assert page.redirect_chain[-1][0] == list_url(Worker, view=view.pk)
    assert "is not applied: it uses Full name, which is hidden from you" in " ".join(text_of(page).split())
    assert "Ali" not in text_of(page).replace("Alice", "")
    assert page.context["cl"].result_count == 2
    assert "Ali" in signed_in(olga).get(view_url(view))["Location"]


def test_a_view_sorted_by_a_hidden_column_is_not_applied(olga):
    view = save(olga, query={**SUSPENDED, "sort": "email"}, is_shared=True)
    page = signed_in(in_role("support")).get(view_url(view), follow=True)
    assert "it uses Email, which is hidden from you" in " ".join(text_of(page).split())
    assert "status.is" not in page.redirect_chain[-1][0]


def test_a_view_of_columns_that_are_gone_says_so_and_applies_the_rest(olga):
    worker = WorkerFactory()
    query = {
        "conditions": [
            {"column": "shoe_size", "operator": "is", "values": ["42"]},
            {"column": "status", "operator": "is", "values": ["active"]},
        ],
        "filters": [{"name": "colour", "values": ["red"]}],
        "sort": "-height",
    }
    view = save(olga, query=query)
    page = signed_in(olga).get(view_url(view), follow=True)
    assert page.redirect_chain[-1][0].endswith(f"?status.is=active&view={view.pk}")
    assert "names what this list does not have any more: shoe_size.is, height, colour" in " ".join(
        text_of(page).split()
    )
    assert keys(page) == {worker.pk}


# --- The menu and its counts --------------------------------------------------------------------------------
def counted(client):
    """Return the counts that an open page fetches for its menu, by the addresses of the views."""
    return {one["url"]: one["count"] for one in client.get(reverse("console:counts")).json()["views"]}


def test_a_view_in_the_menu_has_its_count_which_is_loaded_after_the_page(olga):
    WorkerFactory()
    view = save(olga, "Active", query={**SUSPENDED, "conditions": [], "sort": "created_at"})
    client = signed_in(olga)
    change(client, view, "pin", query="")
    html = client.get(list_url(Account)).content.decode()
    assert f'href="{view_url(view)}"' in html
    assert counted(client) == {view_url(view): "1"}
    change(client, view, "unpin", query="")
    assert f'href="{view_url(view)}"' not in client.get(list_url(Account)).content.decode()


def test_the_name_of_a_view_is_escaped_in_the_menu(olga):
    view = save(olga, "<b>bold</b>")
    services.pin_view(view_id=view.pk, by=olga.pk)
    html = signed_in(olga).get(list_url(Account)).content.decode()
    assert "<b>bold</b>" not in html
    assert "&lt;b&gt;bold&lt;/b&gt;" in html


def test_counts_are_bounded_and_read_once_a_minute(olga, monkeypatch):
    for _ in range(3):
        WorkerFactory()
    view = save(olga, query={**SUSPENDED, "conditions": []})
    services.pin_view(view_id=view.pk, by=olga.pk)
    client = signed_in(olga)
    monkeypatch.setattr(counts, "MOST_COUNTED", 2)
    assert counted(client) == {view_url(view): "2 or more"}
    WorkerFactory()
    with CaptureQueriesContext(connection) as captured:
        counted(client)
    assert [one["sql"] for one in captured if 'FROM "workers"' in one["sql"]] == []


def test_a_changed_view_is_counted_anew(olga):
    WorkerFactory()
    view = save(olga, query={**SUSPENDED, "conditions": []})
    services.pin_view(view_id=view.pk, by=olga.pk)
    client = signed_in(olga)
    assert counted(client) == {view_url(view): "1"}
    services.replace_view(view_id=view.pk, by=olga.pk, query=SUSPENDED)
    assert counted(client) == {view_url(view): "0"}


def test_a_view_that_is_hidden_from_its_reader_has_no_count(olga):
    WorkerFactory(full_name="Alice Jones")
    support = in_role("support")
    hidden = save(olga, "Some", query=BY_NAME, is_shared=True)
    ledger = save(olga, "Ledger", list_of="payments.ledgerentry", query=SUSPENDED, is_shared=True)
    gone = save(olga, "Gone", list_of="gone.model", query=SUSPENDED, is_shared=True)
    for view in (hidden, ledger, gone):
        services.pin_view(view_id=view.pk, by=support.pk)
    client = signed_in(support)
    assert counted(client) == {}
    menu = client.get(list_url(Account)).content.decode()
    assert view_url(hidden) in menu
    assert view_url(ledger) not in menu


def test_the_counts_are_given_by_the_addresses_of_their_views(olga, rf):
    insert(valid(Transaction, amount="5.00"))
    view = save(
        olga,
        "Small",
        list_of=PAYOUTS,
        query={
            "conditions": [{"column": "amount", "operator": "to", "values": ["5"]}],
            "filters": [],
            "sort": "",
        },
    )
    services.pin_view(view_id=view.pk, by=olga.pk)
    request = rf.get("/")
    request.user = olga
    assert counts.view_counts(request) == {view_url(view): "1"}


def test_a_page_reads_the_menus_views_from_the_cache(olga):
    view = save(olga)
    services.pin_view(view_id=view.pk, by=olga.pk)
    client = signed_in(olga)
    client.get(list_url(Account))
    with CaptureQueriesContext(connection) as captured:
        assert view_url(view) in client.get(list_url(Account)).content.decode()
    pins = 'INNER JOIN "saved_view_pins"'
    assert [one["sql"] for one in captured if pins in one["sql"]] == []


def test_the_list_of_all_views_shows_shared_ones_and_the_readers_own(olga):
    boss = User.objects.create_superuser("boss", "boss@example.com", "boss")
    shared, private, own = save(olga, "A", is_shared=True), save(olga, "B"), save(boss, "C")
    page = signed_in(boss).get(list_url(SavedView))
    assert keys(page) == {shared.pk, own.pk}
    address = reverse("admin:gigstream_saved_views_savedview_change", args=[private.pk])
    assert signed_in(boss).get(address)["Location"] == reverse("admin:index")
    assert signed_in(olga).get(list_url(SavedView)).status_code == 403
