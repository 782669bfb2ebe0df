"""Search by parts: what staff remember or copy finds rows, with what tells them apart, and tells support no
letter of what is hidden from them."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from gigstream.adminkit import admin_url, list_url
from gigstream.staff.roles import Role
from payments import services as payments
from payments.models import Transaction
from platforms import services as platforms
from platforms.models import Task
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, assigned, seconds, settle, started
from workers.models import Worker

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_the_menu")]


@pytest.fixture
def story():
    """A worker's payout for a task with a title."""
    worker = WorkerFactory(full_name="David Wilson", email="david@example.com")
    platform = PlatformFactory(name="QuickTask", funds="1000")
    task = started(worker, platform=platform, amount="288.20", title="Proofread a flyer")
    platforms.complete_task(task_id=task.pk, now=NOW)
    payments.cash_out(worker_id=worker.pk, now=NOW + seconds(1))
    settle(NOW + seconds(60))
    return task


@pytest.fixture
def payout(story):
    return Transaction.objects.get(type="payout")


def logged_in(*roles: Role) -> Client:
    user = User.objects.create_user(f"{len(roles)}-{User.objects.count()}", password="x", is_staff=True)
    user.groups.set(Group.objects.filter(name__in=roles))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def staff():
    return logged_in(Role.OPERATIONS)


def found_by(client: Client, term: str) -> set[str]:
    """Return the addresses that the box of Ctrl + K offers for the term, but for the page of all results."""
    answer = client.get(reverse("admin:search"), {"s": term})
    return {line.url for line in answer.context["lines"] if not line.url.startswith(reverse("admin:search"))}


def test_people_are_found_by_parts_of_their_name_in_any_order(staff, story):
    worker = admin_url(story.worker)
    for term in ("Wilson David", "david wil", "WILS", "avid", "WK-" + story.worker.short_number):
        assert worker in found_by(staff, term), term
    assert worker not in found_by(staff, "Wilson Alice")


def test_the_money_of_a_person_is_found_by_their_name_task_and_amount(staff, story, payout):
    for term in ("wilson", "proofread fl", "288.20", "$288.20", "288.2 USDC", payout.reference.lower()):
        assert admin_url(payout) in found_by(staff, term), term
    assert admin_url(story) in found_by(staff, "288.20")
    assert admin_url(payout) not in found_by(staff, "288.21")


def test_what_lists_print_finds_its_row(staff, story, payout):
    hash_, id_ = payout.tx_hash, str(payout.pk)
    for term in (
        hash_[:10],
        f"{hash_[:8]}…{hash_[-6:]}",
        f"{hash_[:8]}...{hash_[-6:]}",
        id_[:8],
        f"{id_[:8]}…{id_[-6:]}",
        f"payout {id_[:18]}-…",
        f"payout {payout.reference}",
        payout.short_number,
    ):
        assert admin_url(payout) in found_by(staff, term), term
    assert admin_url(payout) not in found_by(staff, f"{id_[:8]}…000000")
    assert admin_url(payout) not in found_by(staff, f"{hash_[:8]}…zzzzzz")


def test_a_hit_says_what_tells_it_from_others(staff, story, payout):
    lines = staff.get(reverse("admin:search"), {"s": "David Wilson"}).context["lines"]
    line = next(one for one in lines if one.url == admin_url(payout))
    assert line.kind == "Transaction"
    assert line.details == f"288.20 USDC · Confirmed · David Wilson · {payout.created_at:%Y-%m-%d}"


def test_the_very_name_comes_first(staff):
    longer = WorkerFactory(full_name="Ann Archer Smith")
    exact = WorkerFactory(full_name="Archer Smith")
    inside = WorkerFactory(full_name="Zoe Archer Smithers")
    lines = staff.get(reverse("admin:search"), {"s": "archer smith"}).context["lines"]
    urls = [line.url for line in lines]
    assert urls[0] == admin_url(exact)
    assert {admin_url(longer), admin_url(inside)} < set(urls)


def test_words_in_other_scripts_and_marks_of_patterns_are_found_as_they_are(staff):
    for name in ("Иван Петров", "王伟", "O_Brien 100%"):
        worker = WorkerFactory(full_name=name)
        assert admin_url(worker) in found_by(staff, name), name
    assert found_by(staff, "%%%") == set()
    assert found_by(staff, "___") == set()


def test_all_results_are_a_page_with_pages_of_each_kind(staff):
    platform = PlatformFactory(funds="1000")
    for number in range(12):
        assigned(platform=platform, title=f"Count the shelves {number}")
    page = staff.get(reverse("admin:search"), {"q": "count shelves"})
    (kind,) = page.context["kinds"]
    assert (kind.title, len(kind.rows), kind.has_more) == ("Tasks", 10, True)
    assert "kind=platforms.task&amp;page=2" in page.content.decode()
    rest = staff.get(reverse("admin:search"), {"q": "count shelves", "kind": "platforms.task", "page": "2"})
    (kind,) = rest.context["kinds"]
    assert (len(kind.rows), kind.has_more) == (2, False)
    for page in ("0", "-1", "x", "99999999"):
        assert staff.get(reverse("admin:search"), {"q": "count", "page": page}).status_code == 200


def test_nothing_found_says_so_and_leads_to_what_can_be_searched_for(staff):
    answer = staff.get(reverse("admin:search"), {"s": "no such thing"})
    assert "Nothing found for" in answer.content.decode()
    (line,) = answer.context["lines"]
    assert line.url == f"{reverse('admin:search')}?q=no+such+thing"


def test_recent_searches_are_kept_in_the_session_until_it_ends(staff, story):
    recent = reverse("console:recent-search")
    for term in ("wilson", "flyer", "wilson"):
        assert staff.post(recent, {"term": term}).status_code == 204
    assert [line["term"] for line in staff.get(reverse("admin:search"), {"s": ""}).context["lines"]] == [
        "wilson",
        "flyer",
    ]
    assert staff.get(recent).status_code == 405
    other = logged_in(Role.OPERATIONS)
    assert other.get(reverse("admin:search"), {"s": ""}).context["lines"] == []
    staff.post(reverse("admin:logout"))
    assert "recent_searches" not in staff.session


def test_support_finds_nothing_by_a_part_of_what_is_hidden_from_them(story, payout):
    support = logged_in(Role.SUPPORT)
    Worker.objects.filter(pk=story.worker_id).update(wallet_address="0xfeed" + "5" * 36)
    worker = Worker.objects.get(pk=story.worker_id)
    hidden = ("Wils", "Davi", "avid Wilso", "ilson", worker.wallet_address[:12], "david@", "david@example.co")
    for term in hidden:
        assert found_by(support, term) == set(), term
        assert support.get(list_url(Worker, q=term)).context["cl"].result_count == 0, term
        assert support.get(list_url(Task, q=term)).context["cl"].result_count == 0, term
        assert support.get(list_url(Transaction, q=term)).context["cl"].result_count == 0, term
    # Words that a caller says in full are found, and so are texts that support may read.
    for term in ("David Wilson", "david@example.com", worker.reference):
        assert admin_url(worker) in found_by(support, term), term
    assert admin_url(story) in found_by(support, "proofread")
    assert "Wilson" not in support.get(reverse("admin:search"), {"q": "proofread"}).content.decode()


def test_lists_find_by_the_same_parts(staff, story, payout):
    for model, row, terms in (
        (Worker, story.worker, ("Wilson David", story.worker.wallet_address[:10], story.worker.reference)),
        (Task, story, ("flyer proof", "wilson", "288.20", story.reference, str(story.pk)[:13])),
        (Transaction, payout, ("wilson", "flyer", "288.20", payout.tx_hash[:12], payout.reference)),
    ):
        for term in terms:
            listed = staff.get(list_url(model, q=term)).context["cl"].result_list
            assert row in listed, (model, term)


def test_an_amount_that_is_also_a_number_finds_both(staff):
    task = assigned(amount=Decimal(12))
    assert admin_url(task) in found_by(staff, "12")
