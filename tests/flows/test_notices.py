"""Causes of notices to staff, who gets them, and the letters about them over a real mail server."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User

from audit.approvals import services as approvals
from audit.approvals.errors import RequestedAlready
from audit.books import services as books
from audit.claims import services as claims
from audit.models import Notice
from audit.notices import letters
from audit.notices import services as notices
from audit.notices.kind_registry import all_notice_kinds
from audit.notices.selectors import count_unread
from audit.notices.vocabulary import MENTIONED
from gigstream.console.notices.overdue import MOST_AT_ONCE, notify_of_overdue
from gigstream.console.queues import BY_SLUG
from gigstream.core.clock import database_now
from gigstream.staff.roles import Role
from payments import services as payments
from payments.models import Transaction
from platforms import services as platforms
from platforms.models import Dispute
from tests.flows.test_approvals import deposit_asked_for
from tests.flows.test_letters import server as server
from tests.flows.test_payout_holds import Fails
from tests.support.database.valid_rows import insert, valid
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, seconds, started
from tests.support.pages.admin import member

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DECIDES = ("audit.approve_approval", "audit.view_approval", "platforms.deposit_platform")
SEES = "audit.view_approval"


def noticed(kind):
    """Return who has notices of the kind, without those that are read."""
    found = Notice.objects.filter(kind=kind, read_at=None).order_by("recipient")
    return list(found.values_list("recipient", flat=True))


def actors(*people):
    return sorted(str(one.actor) for one in people)


# --- Approvals ----------------------------------------------------------------------------------------------
def test_a_request_is_noticed_by_all_who_may_decide_it_and_by_nobody_else():
    ann, bob = member("ann"), member("bob", *DECIDES)
    member("eve", "audit.approve_approval", SEES)
    member("may not look", "audit.approve_approval", "platforms.deposit_platform")

    deposit_asked_for(ann)

    assert noticed("approval_waits") == actors(bob)


def test_a_refusal_is_noticed_by_the_requester_and_the_request_waits_for_nobody():
    ann, bob, eve = member("ann"), member("bob"), member("eve")
    asked = deposit_asked_for(ann)
    assert noticed("approval_waits") == actors(bob, eve)

    bob.does(approvals.refuse, approval_id=asked.pk, reason="not on chain", now=NOW)

    assert noticed("approval_waits") == []
    assert noticed("approval_decided") == actors(ann)
    assert "refused by" in Notice.objects.get(kind="approval_decided").words


def test_an_expiry_is_noticed_too_and_a_withdrawal_is_not():
    ann = member("ann")
    member("bob")
    withdrawn = deposit_asked_for(ann)
    ann.does(approvals.withdraw, approval_id=withdrawn.pk, now=NOW)
    late = deposit_asked_for(ann)

    assert approvals.expire_approvals(now=late.expires_at) == 1

    assert noticed("approval_waits") == []
    kept = Notice.objects.get(kind="approval_decided")
    assert (kept.subject_id, kept.recipient) == (str(late.pk), str(ann.actor))
    assert kept.words == "Deposit by hand, 25.00 USDC: expired."


def test_who_has_the_request_approved_learns_that_it_was_done():
    ann, bob = member("ann"), member("bob")
    asked = deposit_asked_for(ann)

    bob.does(approvals.approve, approval_id=asked.pk, now=NOW)

    assert noticed("approval_waits") == []
    assert noticed("approval_decided") == actors(ann)
    assert "approved by \u2068bob\u2069." in Notice.objects.get(kind="approval_decided").words


def test_a_request_that_is_refused_leaves_no_notice():
    ann, platform = member("ann"), PlatformFactory()
    member("bob")
    deposit_asked_for(ann, platform)

    with pytest.raises(RequestedAlready):
        deposit_asked_for(ann, platform)

    assert Notice.objects.count() == 1


# --- Queues -------------------------------------------------------------------------------------------------
def take(person, row, **more):
    return person.does(
        claims.claim, subject_type="dispute", subject_id=str(row.pk), by=str(person.user.pk), **more
    )


def a_dispute(filed):
    return platforms.dispute_task(task_id=started(now=filed).pk, severity=2, reason="late", now=filed)


def test_who_had_taken_an_item_learns_that_another_has_taken_it_over_each_time():
    ann, bob = member("ann"), member("bob")
    row = a_dispute(NOW)
    take(ann, row)
    assert not Notice.objects.exists()

    take(bob, row, reason="ann is on leave: call 555 123 4567")
    take(ann, row, reason="back")
    take(bob, row, reason="on leave again")

    assert noticed("taken_over") == actors(ann, ann, bob)
    assert "555" not in Notice.objects.order_by("id")[0].words


def test_an_item_is_noticed_once_by_those_who_work_on_its_queue_when_it_is_overdue():
    ops = member("ops", "platforms.resolve_dispute", "platforms.view_dispute")
    member("looks", "platforms.view_dispute")
    filed = database_now() - DAY
    row = a_dispute(filed)
    age = BY_SLUG["disputes"].overdue_after()

    assert notify_of_overdue(now=filed + age - HOUR) == 0
    assert notify_of_overdue(now=filed + age) == 1
    assert notify_of_overdue(now=filed + age + HOUR) == 0

    assert noticed("overdue") == actors(ops)
    kept = Notice.objects.get()
    assert (kept.subject_type, kept.subject_id, kept.cause) == ("dispute", str(row.pk), "disputes")


def test_only_who_has_taken_an_overdue_item_is_notified():
    ann = member("ann", "platforms.resolve_dispute", "platforms.view_dispute")
    member("bob", "platforms.resolve_dispute", "platforms.view_dispute")
    row = a_dispute(NOW)
    take(ann, row)

    assert notify_of_overdue(now=NOW + BY_SLUG["disputes"].overdue_after()) == 1

    assert noticed("overdue") == actors(ann)


def test_the_requester_is_not_notified_that_their_own_request_is_overdue():
    ann, bob = member("ann"), member("bob")
    asked = deposit_asked_for(ann)

    notify_of_overdue(now=asked.requested_at + BY_SLUG["approvals"].overdue_after())

    assert noticed("overdue") == actors(bob)


def test_more_overdue_items_than_a_run_takes_follow_with_the_next():
    member("ops", "platforms.resolve_dispute", "platforms.view_dispute")
    filed = NOW
    for _ in range(MOST_AT_ONCE + 1):
        insert(valid(Dispute, filed_at=filed, resolved_at=None))
    late = filed + BY_SLUG["disputes"].overdue_after()

    assert [notify_of_overdue(now=late) for _ in range(3)] == [MOST_AT_ONCE, 1, 0]


# --- Money and books ----------------------------------------------------------------------------------------
def test_a_payout_that_fails_is_noticed_by_finance_and_operations():
    desk = member("desk", "payments.cancel_transaction", "payments.view_transaction")
    member("support", "payments.view_transaction")
    worker = WorkerFactory()
    platforms.complete_task(task_id=started(worker, amount="10", now=NOW).pk, now=NOW)
    payments.create_due_payouts(now=NOW)
    payments.submit_payouts(now=NOW, provider=Fails(lambda: NOW))
    payments.poll_settlements(now=NOW + seconds(60), provider=Fails(lambda: NOW + seconds(60)))

    failed = Transaction.objects.get(type="payout")
    assert failed.status == "failed"
    assert noticed("payout_failed") == actors(desk)
    kept = Notice.objects.get(kind="payout_failed")
    assert kept.subject_id == str(failed.pk)
    assert kept.words == "10.00 USDC could not be sent and is in its owner's balance again."


def result(name, violations):
    return books.Result(name, f"{name} holds.", violations, [], 1)


def test_broken_books_are_noticed_when_they_break_and_not_at_each_check():
    ann = member("ann", "audit.view_bookcheck")
    member("bob", SEES)

    books.record([result("first", 0), result("second", 0)])
    assert noticed("books_broken") == []
    books.record([result("first", 3), result("second", 0)])
    books.record([result("first", 3), result("second", 0)])
    assert noticed("books_broken") == actors(ann)
    books.record([result("first", 0), result("second", 0)])
    books.record([result("first", 1), result("second", 2)])

    assert noticed("books_broken") == actors(ann, ann, ann)


def test_ways_by_role_name_roles_that_there_are():
    named = {role for kind in all_notice_kinds().values() for role in kind.by_role}

    assert named <= set(Role.values)


# --- Letters ------------------------------------------------------------------------------------------------
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SIX = datetime(2026, 3, 3, 6, tzinfo=UTC)


def mention(person, words="TA-7K3M2Q: please look.", subject="t1", moment=NOON):
    return notices.notify(
        [str(person.actor)],
        MENTIONED,
        subject_type="task",
        subject_id=subject,
        words=words,
        moment=moment,
    )


@pytest.fixture
def ann():
    return member("ann", "platforms.view_task")


def test_a_letter_goes_out_at_once_and_once(server, ann):
    mention(ann)

    assert letters.send_notice_letters(now=NOON) == 1
    assert letters.send_notice_letters(now=NOON + HOUR) == 0

    assert server.taken == [ann.user.email]


def test_a_digest_goes_out_once_a_day_with_all_of_the_day(server, ann):
    notices.choose_ways(member_id=ann.user.pk, ways={"mentioned": "digest"})
    mention(ann, "First.", "t1")
    mention(ann, "Second.", "t2", NOON + HOUR)
    mention(ann, "Tomorrow's.", "t3", SIX)

    assert letters.send_notice_letters(now=SIX - HOUR) == 0
    assert letters.send_notice_letters(now=SIX) == 1
    assert letters.send_notice_letters(now=SIX + HOUR) == 0
    assert letters.send_notice_letters(now=SIX + DAY) == 1

    first, second = server.texts
    assert "2 notices of the last day" in first
    assert "- You are mentioned. First." in first
    assert "- You are mentioned. Second." in first
    assert "Tomorrow's" not in first
    assert "1 notice of the last day" in second


@pytest.mark.parametrize("way", ["email", "digest"])
def test_nothing_is_sent_about_what_was_read_or_may_not_be_seen_any_more(server, ann, way):
    bob = member("bob", "platforms.view_task")
    gone = member("gone", "platforms.view_task")
    for person in (ann, bob, gone):
        notices.choose_ways(member_id=person.user.pk, ways={"mentioned": way})
        mention(person)
    notices.read_notices(ann.user, now=NOON)
    bob.user.user_permissions.clear()
    User.objects.filter(pk=gone.user.pk).update(is_active=False)

    assert letters.send_notice_letters(now=SIX) == 0

    assert server.taken == []


def test_a_letter_to_support_has_no_personal_data_even_where_the_words_had(server, ann):
    mention(ann, f"Sent to 0x{'ab' * 20} of eva@example.org.")

    letters.send_notice_letters(now=NOON)

    (text,) = server.texts
    assert "ab" * 20 not in text
    assert "eva@example.org" not in text
    assert "http" not in text


def test_without_an_address_there_is_no_letter_and_the_notice_stays(server, ann):
    User.objects.filter(pk=ann.user.pk).update(email="")
    mention(ann)

    assert letters.send_notice_letters(now=NOON) == 0

    assert count_unread(ann.user) == 1
