"""Notices to staff: who gets them, how, and for how long they are kept."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group, User

from audit.log.context import Actor, acting
from audit.log.enums import ActorType
from audit.models import AuditLog, Notice, NoticePreference
from audit.notices import services as notices
from audit.notices.errors import UnknownNoticeWay
from audit.notices.kind_registry import NoticeKind, all_notice_kinds, register_notice_kind
from audit.notices.selectors import count_unread, notices_of, ways_of
from audit.notices.vocabulary import ASSIGNED, MENTIONED, TAKEN_OVER
from gigstream.core.people.staff_names import members_who_may
from tests.support.pages.admin import member

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SEES_TASKS = "platforms.view_task"


def notify(*people, kind=MENTIONED, moment=NOON, **more):
    return notices.notify(
        [str(one.actor) for one in people],
        kind,
        subject_type="task",
        subject_id="t1",
        words="TA-7K3M2Q: please look.",
        moment=moment,
        **more,
    )


def recipients():
    return list(Notice.objects.order_by("recipient").values_list("recipient", flat=True))


@pytest.fixture
def ann():
    return member("ann", SEES_TASKS)


@pytest.fixture
def bob():
    return member("bob", SEES_TASKS)


def test_a_notice_is_kept_once_for_each_cause(ann):
    assert notify(ann, cause="note 1") == 1
    notify(ann, cause="note 1", moment=NOON + MINUTE)
    assert [row.created_at for row in Notice.objects.all()] == [NOON]

    notify(ann, cause="note 2")

    assert Notice.objects.count() == 2


def test_the_actor_gets_no_notice_of_the_own_act(ann, bob):
    with acting(Actor(ActorType.STAFF, str(ann.user.pk))):
        assert notify(ann, bob) == 1

    assert recipients() == [str(bob.actor)]


@pytest.mark.parametrize("flag", ["is_active", "is_staff"])
def test_who_may_not_log_in_gets_none(ann, bob, flag):
    User.objects.filter(pk=ann.user.pk).update(**{flag: False})

    assert notify(ann, bob) == 1

    assert recipients() == [str(bob.actor)]


def test_who_may_not_view_such_rows_gets_none_and_superusers_do(ann):
    blind, root = member("blind", "platforms.view_platform"), member("root")

    assert notify(ann, blind, root) == 2

    assert recipients() == sorted([str(ann.actor), str(root.actor)])


def test_who_has_lost_the_permission_reads_none_of_the_old_ones(ann):
    notify(ann)
    assert count_unread(ann.user) == 1

    ann.user.user_permissions.clear()
    again = User.objects.get(pk=ann.user.pk)

    assert list(notices_of(again)) == []
    assert count_unread(again) == 0


def test_what_is_no_person_gets_none(ann):
    assert (
        notices.notify(
            ["system", "system:sam", "staff:", f"staff:{ann.user.pk + 1000}"],
            MENTIONED,
            subject_type="task",
            subject_id="t1",
            words="x",
        )
        == 0
    )


def test_a_chosen_way_goes_before_the_way_of_the_role(ann, bob):
    finance, support = (Group.objects.create(name=name) for name in ("desk of money", "desk of calls"))
    kind = register_notice_kind(
        NoticeKind(
            "kind_of_a_test", "A test", "A test", "page", {finance.name: "email", support.name: "nothing"}
        )
    )
    try:
        ann.user.groups.add(support, finance)
        bob.user.groups.add(finance)
        NoticePreference.objects.create(member=str(bob.actor), kind=kind.name, way="nothing", chosen_at=NOON)

        assert notify(ann, bob, kind=kind) == 1

        found = Notice.objects.get()
        assert (found.recipient, found.way, found.letter_due_at) == (str(ann.actor), "email", NOON)
        assert (ways_of(ann.user)[kind.name], ways_of(bob.user)[kind.name]) == ("email", "nothing")
    finally:
        all_notice_kinds().pop(kind.name)


@pytest.mark.parametrize(
    "way, moment, due",
    [
        ("page", NOON, None),
        ("email", NOON, NOON),
        ("digest", NOON, datetime(2026, 3, 3, 6, tzinfo=UTC)),
        ("digest", datetime(2026, 3, 2, 5, 59, tzinfo=UTC), datetime(2026, 3, 2, 6, tzinfo=UTC)),
        ("digest", datetime(2026, 3, 2, 6, tzinfo=UTC), datetime(2026, 3, 3, 6, tzinfo=UTC)),
    ],
)
def test_a_letter_is_due_by_the_way(ann, way, moment, due):
    notices.choose_ways(member_id=ann.user.pk, ways={"mentioned": way}, now=NOON)

    notify(ann, moment=moment)

    assert Notice.objects.get().letter_due_at == due


def test_a_choice_is_on_record_with_the_one_before_it(ann):
    with acting(ann.actor):
        notices.choose_ways(member_id=ann.user.pk, ways={"mentioned": "digest"}, now=NOON)
        notices.choose_ways(member_id=ann.user.pk, ways={"mentioned": "page", "assigned": "page"}, now=NOON)
        notices.choose_ways(member_id=ann.user.pk, ways={"mentioned": "page"}, now=NOON)

    lines = AuditLog.objects.filter(action="notice.choose").order_by("id")
    assert [(line.changes_before, line.changes_after) for line in lines] == [
        ({"mentioned": None}, {"mentioned": "digest"}),
        ({"mentioned": "digest", "assigned": None}, {"mentioned": "page", "assigned": "page"}),
    ]


@pytest.mark.parametrize("ways", [{"mentioned": "shout"}, {"unheard_of": "page"}])
def test_an_unknown_kind_or_way_is_refused(ann, ways):
    with pytest.raises(UnknownNoticeWay):
        notices.choose_ways(member_id=ann.user.pk, ways={"assigned": "page", **ways})

    assert not NoticePreference.objects.exists()


def test_only_the_own_notices_are_read(ann, bob):
    notify(ann, bob)
    notify(ann, kind=ASSIGNED)

    assert notices.read_notices(ann.user, now=NOON) == 2
    assert notices.read_notices(ann.user, now=NOON) == 0

    assert (count_unread(ann.user), count_unread(bob.user)) == (0, 1)


def test_what_waits_no_more_is_read_by_all_and_never_before_it_was_kept(ann, bob):
    notify(ann, bob)
    notify(ann, kind=TAKEN_OVER)

    assert notices.end_notices(MENTIONED, subject_type="task", subject_id="t1", now=NOON - MINUTE) == 2

    assert set(Notice.objects.filter(kind="mentioned").values_list("read_at", flat=True)) == {NOON}
    assert count_unread(ann.user) == 1


def test_old_notices_are_swept_those_read_before_the_others(ann, bob):
    notify(ann, bob)
    notices.read_notices(ann.user, now=NOON)

    assert notices.sweep_notices(now=NOON + timedelta(days=60) - MINUTE) == 0
    assert notices.sweep_notices(now=NOON + timedelta(days=60)) == 1
    assert recipients() == [str(bob.actor)]
    assert notices.sweep_notices(now=NOON + timedelta(days=365)) == 1


def test_notices_cost_two_statements_however_many_get_them(ann, bob, django_assert_num_queries):
    more = [member(f"person {number}", SEES_TASKS) for number in range(5)]

    # A savepoint, those who get one, the notices, and the savepoint's release.
    with django_assert_num_queries(4):
        assert notify(ann, bob, *more) == 7


def test_members_are_found_by_all_their_permissions_in_one_statement(ann, django_assert_num_queries):
    both = member("both", SEES_TASKS, "platforms.view_platform")
    desk = Group.objects.create(name="desk of both")
    desk.permissions.set(both.user.user_permissions.all())
    by_role = member("by role")
    by_role.user.groups.add(desk)

    with django_assert_num_queries(1):
        found = members_who_may(SEES_TASKS, "platforms.view_platform")

    assert [one.username for one in found] == [both.user.username, by_role.user.username]
