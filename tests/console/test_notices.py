"""The notices page, the choice of ways, and the counts that an open page fetches."""

import pytest
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import Approval, Notice, NoticePreference
from audit.notices import services as notices
from audit.notices.vocabulary import ASSIGNED, MENTIONED
from gigstream.console.queues import BY_SLUG, QUEUES
from gigstream.core.clock import database_now
from gigstream.staff.middleware import SEEN_AT
from payments.models import Transaction
from platforms import services as platforms
from tests.flows.test_approvals import deposit_asked_for
from tests.support.database.valid_rows import columns_of, insert, valid
from tests.support.factories import NOW, WorkerFactory, started
from tests.support.pages.admin import member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_the_menu")]
PAGE, COUNTS = reverse("console:notices"), reverse("console:counts")


@pytest.fixture(autouse=True)
def nothing_counted_yet():
    cache.clear()


@pytest.fixture
def ann():
    return member("ann", "workers.view_worker", "platforms.view_task")


def of_role(role):
    user = User.objects.create_user(f"{role} person", f"{role}@example.com", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def notify(person, kind=MENTIONED, subject=("task", "t1"), words="Please look.", **more):
    notices.notify(
        [str(person.actor)], kind, subject_type=subject[0], subject_id=subject[1], words=words, **more
    )
    return Notice.objects.latest("id")


def shown(client, **query):
    response = client.get(PAGE, query)
    assert response.status_code == 200
    return [line["pk"] for line in response.context["notices"]]


# --- The page -----------------------------------------------------------------------------------------------
def test_the_page_has_the_own_notices_newest_first_by_kind_and_unread(ann):
    bob = member("bob")
    first, second = notify(ann), notify(ann, ASSIGNED)
    notify(bob)

    assert shown(ann.client) == [second.pk, first.pk]
    assert shown(ann.client, kind="mentioned") == [first.pk]
    ann.client.post(reverse("console:read-notices"), {"id": second.pk})
    assert shown(ann.client, show="unread") == [first.pk]


def test_all_are_marked_as_read_at_once_and_the_filter_stays(ann):
    notify(ann)
    notify(ann, ASSIGNED)

    response = ann.client.post(
        reverse("console:read-notices"), {"show": "unread", "kind": "mentioned"}, follow=True
    )

    assert response.redirect_chain == [(f"{PAGE}?show=unread&kind=mentioned", 302)]
    assert b"No unread notices of this kind." in response.content
    assert not Notice.objects.filter(read_at=None).exists()


def test_nobody_marks_the_notices_of_another(ann):
    bob = member("bob")
    kept = notify(ann)

    bob.client.post(reverse("console:read-notices"), {"id": kept.pk})
    bob.client.post(reverse("console:read-notices"))

    assert Notice.objects.get().read_at is None


@pytest.mark.parametrize("key", ["x", "-1", "1" * 30, "²"])
def test_what_is_no_number_is_not_found(ann, key):
    notify(ann)

    assert ann.client.post(reverse("console:read-notices"), {"id": key}).status_code == 404
    assert ann.client.get(PAGE, {"before": key, "kind": key}).status_code == 200
    assert Notice.objects.get().read_at is None


def test_looking_at_the_page_reads_nothing(ann):
    notify(ann)

    shown(ann.client)

    assert Notice.objects.get().read_at is None


def test_rows_are_named_by_name_and_masked_for_support(ann):
    worker = WorkerFactory(full_name="Grace Hopper", email="grace@example.com")
    sees = member("sees")
    subject = ("worker", str(worker.pk))
    for person in (ann, sees):
        notify(person, subject=subject, words=f"Paid to 0x{'ab' * 20}.")

    masked = ann.client.get(PAGE).content.decode()
    whole = sees.client.get(PAGE).content.decode()

    assert "Grace Hopper" not in masked
    assert "Grace H." in masked
    assert "ab" * 20 not in masked
    assert "Grace Hopper" in whole


def test_the_page_costs_as_many_statements_for_twelve_as_for_two(ann):
    def statements():
        with CaptureQueriesContext(
            connection,
        ) as seen:
            shown(ann.client)
        return len(seen)

    def one_more():
        worker = WorkerFactory()
        notify(ann, subject=("worker", str(worker.pk)))

    one_more()
    one_more()
    statements()
    for_two = statements()
    for _ in range(10):
        one_more()

    assert statements() == for_two
    assert for_two < 12


def test_older_notices_are_on_the_next_page(ann):
    made = [notify(ann, cause=str(number)).pk for number in range(52)]

    response = ann.client.get(PAGE)
    assert [line["pk"] for line in response.context["notices"]] == made[:1:-1]
    older = ann.client.get(response.context["older"])

    assert [line["pk"] for line in older.context["notices"]] == [made[1], made[0]]
    assert older.context["older"] == ""


# --- Ways ---------------------------------------------------------------------------------------------------
def test_a_way_is_chosen_on_the_page_and_shown_again(ann):
    ways = reverse("console:notice-ways")
    ann.client.post(ways, {"mentioned": "digest", "unheard_of": "page"})

    kept = NoticePreference.objects.get()
    assert (kept.member, kept.kind, kept.way) == (str(ann.actor), "mentioned", "digest")
    chosen = {kind.name: way for kind, way in ann.client.get(ways).context["kinds"]}
    assert chosen["mentioned"] == "digest"
    assert chosen["assigned"] == "email"


def test_a_way_that_there_is_not_is_refused_in_words(ann):
    response = ann.client.post(reverse("console:notice-ways"), {"mentioned": "shout"}, follow=True)

    assert [str(message) for message in response.context["messages"]] == ["notices have no kind or way shout"]
    assert not NoticePreference.objects.exists()


# --- Counts -------------------------------------------------------------------------------------------------
def counted(client):
    response = client.get(COUNTS)
    assert response.status_code == 200
    found = response.json()
    sizes = {line["url"].split("/")[-2]: line["count"] for line in found["queues"]}
    return found["waiting"], found["unread"], sizes


def a_dispute(filed=NOW):
    return platforms.dispute_task(task_id=started(now=filed).pk, severity=2, reason="late", now=filed)


@pytest.mark.parametrize(
    "role, works_on_disputes", [("operations", True), ("risk", True), ("finance", False), ("support", False)]
)
def test_each_role_has_the_counts_of_its_queues_and_a_sum_of_those_it_works_on(role, works_on_disputes):
    client = of_role(role)
    a_dispute()
    a_dispute()
    failed = columns_of(Transaction, "failed") | {"created_at": database_now()}
    insert(valid(Transaction, **failed))
    works_on_payouts = role != "support"

    waiting, _, sizes = counted(client)

    assert sizes["disputes"] == "2"
    assert sizes["failed"] == "1"
    assert ("approvals" in sizes) == (role != "support")
    assert waiting == str(2 * works_on_disputes + works_on_payouts or "")


def test_own_requests_and_those_of_other_desks_are_not_counted():
    ann, bob = member("ann"), member("bob")
    finance = of_role("finance")
    deposit_asked_for(ann)

    assert [counted(client)[2]["approvals"] for client in (ann.client, bob.client, finance)] == ["", "1", "1"]
    assert Approval.objects.count() == 1


def test_each_queue_has_an_age_at_which_it_is_late_and_a_later_one_at_which_it_is_overdue():
    for queue in QUEUES:
        assert queue.mark(queue.late_after()) == "late"
        assert queue.mark(queue.overdue_after()) == "overdue"
        assert queue.late_after() < queue.overdue_after()


def test_a_late_queue_is_marked_by_a_word_for_those_who_work_on_it():
    a_dispute(database_now() - BY_SLUG["disputes"].overdue_after())
    marks = {
        role: {
            line["url"].split("/")[-2]: line["mark"] for line in of_role(role).get(COUNTS).json()["queues"]
        }
        for role in ("operations", "support")
    }

    assert marks["operations"]["disputes"] == "overdue"
    assert marks["support"]["disputes"] == ""


def test_unread_notices_are_counted_and_anew_after_they_were_read(ann):
    notify(ann)
    assert counted(ann.client)[1] == "1"

    ann.client.post(reverse("console:read-notices"))

    assert counted(ann.client)[1] == ""


def test_many_open_tabs_of_a_role_cost_no_further_counts():
    first, second = of_role("operations"), member("second")
    second.user.is_superuser = False
    second.user.save()
    second.user.groups.add(Group.objects.get(name="operations"))

    def statements(client):
        with CaptureQueriesContext(connection) as seen:
            counted(client)
        return [one["sql"] for one in seen if "count(*)" in one["sql"] or "COUNT(*)" in one["sql"]]

    # The shared queues, those of the person, and the notices.
    assert len(statements(first)) == 3
    assert len(statements(second.client)) == 2
    assert len(statements(first)) == 0


def test_what_a_page_fetches_by_itself_does_not_prolong_a_session(ann):
    session = ann.client.session
    session[SEEN_AT] -= 100
    session.save()
    before = session[SEEN_AT]

    counted(ann.client)
    assert ann.client.session[SEEN_AT] == before
    shown(ann.client)
    assert ann.client.session[SEEN_AT] > before


def test_after_the_end_of_a_session_the_counts_lead_to_the_log_in(ann, settings):
    session = ann.client.session
    session[SEEN_AT] -= settings.SESSION_COOKIE_AGE
    session.save()

    response = ann.client.get(COUNTS)

    assert (response.status_code, response.url.split("?")[0]) == (302, reverse("admin:login"))


def test_strangers_get_no_counts(client):
    assert client.get(COUNTS).status_code == 302
    assert client.get(PAGE).status_code == 302


def test_every_page_has_the_buttons_of_the_header_and_no_count_of_its_own(ann):
    response = ann.client.get(PAGE)

    assert f'data-counts="{COUNTS}"' in response.content.decode()
    assert b"data-keys-help" in response.content


def test_a_failed_payout_is_on_its_page_with_answer_tries_and_the_way_of_its_money():
    ops = of_role("operations")
    failed = columns_of(Transaction, "failed") | {"created_at": database_now(), "retry_count": 2}
    insert(valid(Transaction, **failed, error_message="execution reverted"))

    page = ops.get(reverse("console:queue", args=["failed"])).content.decode()

    assert "execution reverted" in page
    assert "2 times" in page
    assert "balance again and is paid out at the next run" in page
    assert "Hold this worker" in page
    assert "That wallet is theirs" in page
