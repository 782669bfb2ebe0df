"""The audit log for staff: who did it, on what, why, and what changed, by name, and filters that find it."""

import csv
import io
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.approvals import services as approvals
from audit.log import services as audit
from audit.models import Approval, AuditLog
from gigstream.adminkit import list_url
from gigstream.core.clock import database_now
from payments import services as payments
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, running_stream, started
from tests.support.pages.addresses import page, text_of
from tests.support.pages.admin import act, member
from workers import services as workers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_the_menu")]

INDEXES = {
    (): "audit_of_persons",
    (("machines", "1"),): "audit_created",
    (("machines", "only"),): "audit_",
    (("by", "boss"),): "audit_actor",
    (("object", "Alice Johnson"),): "audit_resource",
    (("action", "worker.suspend"),): "audit_action",
    (("words", "fraud"),): "audit_reason_words",
    (("from", "2026-03-01"), ("to", "2026-03-02"), ("machines", "1")): "audit_created",
    (("outcome", "refused"), ("machines", "1")): "audit_refused",
}


@pytest.fixture
def boss():
    return member("boss")


@pytest.fixture
def alice():
    return WorkerFactory(full_name="Alice Johnson", email="alice@example.com")


def found(client, **query):
    """Return the lines that the log shows, as action and id of the row."""
    response = client.get(list_url(AuditLog, **query))
    assert response.status_code == 200
    return [(line.action, line.resource_id) for line in response.context["cl"].result_list]


def row_of(client, **query):
    """Return the words of the log's first row."""
    html = client.get(list_url(AuditLog, **query)).content.decode()
    return " ".join(text_of_html(html.partition("<tbody")[2].partition("</tr>")[0]).split())


def text_of_html(html):
    class Answer:
        content = html.encode()

    return text_of(Answer)


def deposit_by_two(ann, bob, platform):
    ann.does(
        payments.request_deposit,
        platform_id=platform.pk,
        amount="100",
        tx_hash="0x" + "ab" * 32,
        reason="sent by bank",
    )
    bob.does(approvals.approve, approval_id=Approval.objects.get().pk, reason="seen")


# --- What a line says ---------------------------------------------------------------------------------------
def test_a_line_names_who_what_why_and_both_values(boss, alice):
    act(boss.client, "suspend", alice, reason="two accounts")

    line = row_of(boss.client, action="worker.suspend")

    for words in ("boss", "Worker suspended", "Alice Johnson", "two accounts", "active → suspended", "done"):
        assert words in line, words
    whole = text_of(boss.client.get(page(AuditLog.objects.get(action="worker.suspend"))))
    assert "two accounts" in whole
    assert "active → suspended" in whole


def test_a_line_of_two_people_names_both_with_the_approval(boss):
    ann, platform = member("ann"), PlatformFactory(name="QuickTask")
    deposit_by_two(ann, boss, platform)

    line = row_of(boss.client, action="deposit")

    assert "QuickTask" in line
    assert "requested by ann , approved by boss" in line
    html = boss.client.get(list_url(AuditLog, action="deposit")).content.decode()
    assert page(Approval.objects.get()) in html


def test_a_refusal_says_why(boss, alice):
    act(boss.client, "suspend", alice, reason="odd")
    act(boss.client, "suspend", alice, reason="odd")

    assert "refused" in row_of(boss.client, outcome="refused")
    assert [action for action, _ in found(boss.client, outcome="refused")] == ["worker.suspend"]
    assert ("worker.suspend", str(alice.pk)) in found(boss.client, outcome="done")


@pytest.mark.parametrize(
    ("name", "given"),
    [("suspend", {}), ("adjust_reputation", {"delta": "5"}), ("hold_payouts", {"amount": "", "days": "2"})],
)
def test_every_line_of_an_act_has_its_reason_in_one_place(boss, alice, name, given):
    act(boss.client, name, alice, reason="as we agreed", **given)

    lines = AuditLog.objects.filter(actor_type="staff", actor_id=str(boss.user.pk)).exclude(
        action__startswith="staff."
    )
    assert lines.exists()
    assert {line.metadata.get("reason") for line in lines} == {"as we agreed"}
    assert not any("reason" in line.changes_after for line in lines)


def test_stopped_payouts_and_taken_items_have_their_reasons_in_the_same_place(boss):
    boss.does(payments.stop_payments, scope="payouts", reason="odd amounts", by=str(boss.actor))
    boss.does(payments.let_payments_go_on, scope="payouts", by=str(boss.actor), reason="checked")

    lines = AuditLog.objects.filter(resource_type="paymentswitch").order_by("id")
    assert [line.metadata["reason"] for line in lines] == ["odd amounts", "checked"]
    assert not any("reason" in line.changes_after for line in lines)


def test_a_stream_cancelled_by_two_people_says_why_on_both_lines(boss):
    ann = member("ann")
    stream = running_stream(total="900", platform=PlatformFactory(funds="2000"), now=database_now())
    act(ann.client, "cancel", stream, reason="contract ended")
    act(boss.client, "approve", Approval.objects.get(), reason="seen")

    lines = AuditLog.objects.filter(action__in=["stream.cancel", "task.cancel"], success=True)
    assert {line.action for line in lines} == {"stream.cancel", "task.cancel"}
    for line in lines:
        assert line.metadata["reason"] == "contract ended"
        assert line.metadata["requested_by"] == str(ann.actor)
        assert line.metadata["approval"] == str(Approval.objects.get().pk)


def test_personal_values_are_on_the_lines_page_for_those_who_may_see_them(boss, alice):
    boss.does(
        workers.correct_worker, worker_id=alice.pk, values={"full_name": "Alicia Johnson"}, reason="passport"
    )
    line = AuditLog.objects.get(action="worker.edit")

    assert "Alice Johnson → Alicia Johnson" in text_of(boss.client.get(page(line)))
    assert "full name corrected" in row_of(boss.client, action="worker.edit")
    clerk = member("clerk", "audit.view_auditlog")
    seen = text_of(clerk.client.get(page(line)))
    assert "Johnson" not in seen
    assert "Alice J. → Alicia J." in seen


# --- Filters ------------------------------------------------------------------------------------------------
def test_machines_are_left_out_until_they_are_chosen(boss, alice):
    act(boss.client, "suspend", alice, reason="two accounts")

    people = {action for action, _ in found(boss.client)}
    assert "worker.suspend" in people
    assert "worker.register" not in people
    assert "worker.register" in {action for action, _ in found(boss.client, machines="1")}
    only = {action for action, _ in found(boss.client, machines="only")}
    assert "worker.register" in only
    assert "worker.suspend" not in only
    assert found(boss.client, action="worker.register") == [("worker.register", str(alice.pk))]


def test_a_person_is_found_by_name_email_and_id(boss, alice):
    ann = member("ann")
    act(boss.client, "suspend", alice, reason="two accounts")
    act(ann.client, "reinstate", alice, reason="one person")
    with_name = User.objects.filter(pk=ann.user.pk)
    with_name.update(first_name="Ann", last_name="Lee")

    for term in ("boss", "boss@example.com", str(boss.actor)):
        assert {action for action, _ in found(boss.client, by=term)} == {"worker.suspend"}, term
    assert {action for action, _ in found(boss.client, by="Ann Lee")} == {"worker.reinstate"}
    assert found(boss.client, by="nobody") == []


def test_workers_and_platforms_are_people_as_well(boss, alice):
    task = started(alice, platform=PlatformFactory(name="QuickTask", funds="100"), now=NOW)
    audit_as = {"worker": alice.pk, "platform": task.platform_id}
    for kind, key in audit_as.items():
        AuditLog.unguarded.create(
            actor_type=kind, actor_id=str(key), action="task.start", resource_type="task", resource_id=task.pk
        )

    for term in ("Alice Johnson", "alice@example.com", str(alice.pk), "QuickTask"):
        assert found(boss.client, by=term) == [("task.start", str(task.pk))], term


def test_an_object_is_found_by_name_and_id(boss, alice):
    other = WorkerFactory(full_name="Bob Smith")
    for worker in (alice, other):
        act(boss.client, "suspend", worker, reason="two accounts")

    for term in ("Alice Johnson", "alice@example.com", str(alice.pk)):
        lines = found(boss.client, object=term)
        assert {key for _, key in lines} == {str(alice.pk)}, term
        assert ("worker.suspend", str(alice.pk)) in lines
    assert found(boss.client, object="nobody of that name") == []


def test_words_of_a_reason_are_found_in_full_or_by_their_beginning(boss, alice):
    act(boss.client, "suspend", alice, reason="Suspected fraud: two accounts, see ticket 4711")

    for words in ("fraud", "two accounts", "susp 4711", "FRAUD", "fraud:"):
        assert found(boss.client, words=words) == [("worker.suspend", str(alice.pk))], words
    for words in ("fraud nonsense", "'", "& |", "raud"):
        assert found(boss.client, words=words) == [], words


def test_days_bound_the_lines_from_the_first_to_the_end_of_the_last(boss, alice):
    for day in range(3):
        audit.record("worker.rename", alice, now=NOW + timedelta(days=day))

    def actions(**query):
        return len([1 for action, _ in found(boss.client, action="worker.rename", **query)])

    assert actions() == 3
    first = f"{NOW:%Y-%m-%d}"
    assert actions(**{"from": first, "to": first}) == 1
    assert actions(**{"from": f"{NOW + timedelta(days=1):%Y-%m-%d}"}) == 2
    assert actions(to=f"{NOW + timedelta(days=1):%Y-%m-%d}") == 2
    assert actions(**{"from": "yesterday"}) == 0


def test_only_actions_that_occur_are_offered_by_subject(boss, alice):
    act(boss.client, "suspend", alice, reason="two accounts")

    html = boss.client.get(list_url(AuditLog)).content.decode()
    options = html.partition('name="action"')[2].partition("</select>")[0]

    assert '<optgroup label="Worker">' in options
    assert '<option value="worker.suspend">Worker suspended</option>' in options
    assert "worker.reinstate" not in options


def add_many_lines():
    """Add lines as a working day has them: most by machines, few with a reason or refused."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO audit_logs (created_at, actor_type, actor_id, user_agent, request_id, action,
                resource_type, resource_id, changes_before, changes_after, metadata, success, error_message)
            SELECT timestamptz '2026-03-02 12:00Z' + n * interval '1 minute',
                CASE n %% 50 WHEN 0 THEN 'staff' WHEN 1 THEN 'platform' ELSE 'system' END, n %% 50, '', '',
                CASE n %% 3 WHEN 0 THEN 'stream.release' ELSE 'payout.create' END, 'platform', n %% 900,
                '{}', '{}', CASE n %% 100 WHEN 0 THEN '{"reason": "as usual"}'::jsonb ELSE '{}' END,
                n %% 500 <> 0, CASE n %% 500 WHEN 0 THEN 'no' ELSE '' END
            FROM generate_series(1, 5000) n
            """,
            [],
        )
        cursor.execute("ANALYZE audit_logs")


@pytest.mark.parametrize("given", INDEXES)
def test_each_filter_is_answered_by_an_index(boss, alice, given):
    add_many_lines()
    request = RequestFactory().get(list_url(AuditLog, **dict(given)))
    request.user = boss.user
    listed = admin.site.get_model_admin(AuditLog).get_changelist_instance(request).queryset
    statement, parameters = listed.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement} LIMIT 50", parameters)
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert INDEXES[given] in plan, plan
    assert "Seq Scan on audit_logs" not in plan


def test_a_list_of_many_names_takes_few_statements(boss, alice):
    ann = member("ann")
    deposit_by_two(ann, boss, PlatformFactory())
    act(boss.client, "suspend", alice, reason="two accounts")
    boss.client.get(list_url(AuditLog))

    with CaptureQueriesContext(connection) as captured:
        boss.client.get(list_url(AuditLog))

    assert len(captured) < 8


# --- Files --------------------------------------------------------------------------------------------------
def test_a_file_of_the_log_names_people_and_objects(boss, alice):
    ann, platform = member("ann"), PlatformFactory(name="QuickTask")
    deposit_by_two(ann, boss, platform)
    act(boss.client, "suspend", alice, reason="two accounts")
    answer = boss.client.post(reverse("admin:audit_auditlog_export_csv"), follow=True)
    lines = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))

    suspended = next(line for line in lines if line["action"] == "worker.suspend")
    assert suspended["actor_name"] == "boss"
    assert suspended["resource_name"] == f"Alice Johnson · {alice.reference}"
    assert suspended["reason"] == "two accounts"
    assert suspended["action_text"] == "Worker suspended"
    assert "active → suspended" in suspended["change"]
    deposit = next(line for line in lines if line["action"] == "deposit")
    assert (deposit["requested_by_name"], deposit["actor_name"]) == ("ann", "boss")
    assert deposit["resource_name"] == f"QuickTask · {platform.reference}"
