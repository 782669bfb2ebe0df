"""Assignments of objects: to one member of staff at a time, each change on record."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User

from audit.log.context import acting
from audit.log.errors import ReasonMissing
from audit.models import Assignment, AuditLog, Notice
from audit.notes import services as notes
from audit.notes.enums import AssignmentState
from audit.notes.errors import AssignedMeanwhile, AssigneeRefused
from audit.notes.selectors import open_assignments, subject_of
from gigstream.core.clock import database_now
from tests.support.factories import NOW, WorkerFactory, seconds
from tests.support.pages.admin import member

pytestmark = pytest.mark.django_db
SEES_WORKERS = "workers.view_worker"
DUE = date(2026, 4, 1)


@pytest.fixture
def ann():
    return member("ann")


@pytest.fixture
def bob():
    return member("bob", SEES_WORKERS)


@pytest.fixture
def worker():
    return WorkerFactory()


def assign(who, row, to, **more):
    with acting(who.actor):
        return notes.assign(
            row=row, assignee=to.user, **{"reason": "knows them", "due_on": DUE, "now": NOW, **more}
        )


def change(who, row, found, **more):
    values = {
        "assignee": User.objects.get(pk=found.assignee.partition(":")[2]),
        "due_on": found.due_on,
        "state": AssignmentState(found.state),
        "reason": "as agreed",
        "seen_at": found.changed_at,
        "now": found.changed_at + seconds(60),
    }
    with acting(who.actor):
        return notes.change_assignment(assignment_id=found.pk, row=row, **{**values, **more})


def acts():
    return list(
        AuditLog.objects.filter(action__startswith="assignment.", success=True)
        .order_by("id")
        .values_list("action", "changes_before", "changes_after")
    )


def test_an_object_is_assigned_with_a_reason_and_its_assignee_gets_a_notice(ann, bob, worker):
    found = assign(ann, worker, bob)

    assert Assignment.objects.get() == found
    assert (found.assignee, found.assigned_by) == (str(bob.actor), str(ann.actor))
    assert (found.state, found.due_on, found.reason) == ("open", DUE, "knows them")
    after = {"assigned_to": str(bob.actor), "due_on": "2026-04-01", "state": "open"}
    assert acts() == [("assignment.assign", {}, after)]
    assert AuditLog.objects.get(action="assignment.assign").metadata == {"reason": "knows them"}
    notice = Notice.objects.get()
    assert (notice.recipient, notice.kind, notice.subject_id) == (
        str(bob.actor),
        "assigned",
        str(worker.pk),
    )
    assert notice.words == "ann assigns this to you (due 2026-04-01, open)."


def test_it_is_assigned_once_at_a_time_and_anew_when_it_is_done(ann, bob, worker):
    found = assign(ann, worker, bob)

    with pytest.raises(AssignedMeanwhile, match="it is assigned to bob now"):
        assign(ann, worker, ann)
    change(bob, worker, found, state=AssignmentState.DONE)
    again = assign(bob, worker, ann)

    assert open_assignments([subject_of(worker)]) == {subject_of(worker): again}
    assert Assignment.objects.count() == 2


def test_each_difference_is_an_act_with_the_values_before_and_after(ann, bob, worker):
    found = assign(ann, worker, bob)
    later = DUE + timedelta(days=7)

    changed = change(
        bob,
        worker,
        found,
        assignee=ann.user,
        due_on=later,
        state=AssignmentState.WAITING_PLATFORM,
        reason="they answer on Monday",
    )

    assert acts()[1:] == [
        ("assignment.reassign", {"assigned_to": str(bob.actor)}, {"assigned_to": str(ann.actor)}),
        ("assignment.set_due", {"due_on": "2026-04-01"}, {"due_on": "2026-04-08"}),
        ("assignment.set_state", {"state": "open"}, {"state": "waiting for the platform"}),
    ]
    lines = AuditLog.objects.filter(action__startswith="assignment.set")
    assert {line.metadata["reason"] for line in lines} == {"they answer on Monday"}
    stored = Assignment.objects.get()
    assert (stored.assignee, stored.due_on, stored.state) == (str(ann.actor), later, "waiting_platform")
    assert (stored.changed_at, stored.assigned_at) == (changed.changed_at, NOW)
    assert [one.recipient for one in Notice.objects.order_by("id")] == [str(bob.actor), str(ann.actor)]


def test_what_is_the_same_leaves_no_line_and_no_notice(ann, bob, worker):
    found = assign(ann, worker, bob)

    change(ann, worker, found)
    change(ann, worker, found, due_on=None)

    assert [action for action, _, _ in acts()] == ["assignment.assign", "assignment.set_due"]
    assert Notice.objects.count() == 1


def test_a_form_that_is_stale_changes_nothing_and_says_how_it_is_now(ann, bob, worker):
    found = assign(ann, worker, bob)
    seen_at = found.changed_at
    change(bob, worker, found, state=AssignmentState.WAITING_WORKER, reason="will send papers")
    before = acts()

    stale = Assignment.objects.get()
    with pytest.raises(AssignedMeanwhile, match=r"assigned to bob now \(due 2026-04-01, waiting for the wor"):
        change(ann, worker, stale, seen_at=seen_at, assignee=ann.user)
    with pytest.raises(AssignedMeanwhile):
        change(ann, WorkerFactory(), stale)

    assert acts() == before
    assert Assignment.objects.get().assignee == str(bob.actor)


@pytest.mark.parametrize("is_new", [True, False])
def test_it_is_not_assigned_to_somebody_who_is_away_or_may_not_see_it(ann, bob, worker, is_new):
    clerk, gone = member("clerk", "platforms.view_task"), member("gone", SEES_WORKERS)
    User.objects.filter(pk=gone.user.pk).update(is_active=False)
    gone.user.refresh_from_db()
    found = None if is_new else assign(ann, worker, bob)
    before = acts()

    for who, why in ((clerk, "may not see workers"), (gone, "not active")):
        with pytest.raises(AssigneeRefused, match=why):
            assign(ann, worker, who) if found is None else change(ann, worker, found, assignee=who.user)

    assert acts() == before
    assert Assignment.objects.count() == (0 if is_new else 1)


def test_nothing_is_assigned_or_changed_without_a_reason(ann, bob, worker):
    with pytest.raises(ReasonMissing):
        assign(ann, worker, bob, reason="  ")
    found = assign(ann, worker, bob)
    with pytest.raises(ReasonMissing):
        change(ann, worker, found, state=AssignmentState.DONE, reason="")

    assert Assignment.objects.get().state == "open"


def test_it_is_overdue_the_day_after_its_date_until_it_is_done(ann, bob):
    today = database_now().date()
    rows = [WorkerFactory() for _ in range(4)]
    assign(ann, rows[0], bob, due_on=today)
    late = assign(ann, rows[1], bob, due_on=today - timedelta(days=1))
    assign(ann, rows[2], bob, due_on=None)
    done = assign(ann, rows[3], bob, due_on=today - timedelta(days=9))
    change(bob, rows[3], done, state=AssignmentState.DONE)

    found = open_assignments([subject_of(row) for row in rows])

    assert [pair[1] for pair, one in found.items() if one.is_overdue] == [late.subject_id]
    assert len(found) == 3
