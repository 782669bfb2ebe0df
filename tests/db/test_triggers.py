"""Refusals of PostgreSQL itself, for every caller: changes of append-only rows and illegal status moves."""

from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from django.db import DatabaseError, connection, models, transaction

from audit.models import (
    Approval,
    Assignment,
    AuditLog,
    AuditSeal,
    BookCheck,
    Claim,
    Decision,
    LimitChange,
    Note,
    NoteFile,
    NoteMention,
)
from audit.staff_movements.models import StaffMovement
from gigstream.letters.models import Letter
from loans.applications.enums import LOAN_MOVES
from loans.models import Loan
from payments.models import Account, Adjustment, LedgerEntry, ReportedEarning, Stream, Transaction
from payments.settlement.transactions.enums import TRANSACTION_MOVES
from payments.streams.enums import STREAM_MOVES
from platforms.events.enums import DELIVERY_MOVES
from platforms.models import EventCounter, PlatformEvent, Task, WebhookDelivery, WorkEvent
from platforms.tasks.enums import TASK_MOVES
from reputation.models import (
    Quest,
    QuestFunding,
    ReputationEvent,
    Reservation,
    Submission,
    SubmissionReview,
)
from reputation.quests.enums import QUEST_MOVES, RESERVATION_MOVES
from reputation.submissions.enums import SUBMISSION_MOVES
from tests.support.database.valid_rows import AT, columns_of, in_status, insert, valid
from tests.support.factories import WorkerFactory
from tests.support.long_forms import spread
from workers.models import RefreshToken, SocialAuthorization, WalletNonce, Worker, WorkerSession
from workers.profiles.enums import WORKER_MOVES

pytestmark = pytest.mark.django_db

APPEND_ONLY = [
    (LedgerEntry, "amount", Decimal(2)),
    (AuditLog, "action", "other"),
    (AuditSeal, "hash", "f" * 64),
    (WorkEvent, "external_id", "other"),
    (BookCheck, "violations", 1),
    (Adjustment, "reason", "other"),
    (ReportedEarning, "entry_id", 1),
    (LimitChange, "name", "other"),
    (Decision, "outcome", "other"),
    (StaffMovement, "amount", Decimal(2)),
    (Note, "text", "other"),
    (NoteMention, "member", "staff:2"),
    (NoteFile, "name", "other.pdf"),
    (QuestFunding, "amount", Decimal(2)),
    (SubmissionReview, "feedback", "other"),
]
MOVES = [
    (Task, TASK_MOVES),
    (Stream, STREAM_MOVES),
    (Transaction, TRANSACTION_MOVES),
    (Loan, LOAN_MOVES),
    (Worker, WORKER_MOVES),
    (WebhookDelivery, DELIVERY_MOVES),
    (Quest, QUEST_MOVES),
    (Reservation, RESERVATION_MOVES),
    (Submission, SUBMISSION_MOVES),
]
PAIRS = [
    (model, before, after, after in moves[before])
    for model, moves in MOVES
    for before, after in permutations(moves, 2)
]


def execute(statement: str, *parameters: Any) -> int:
    """Run a statement past Django's models; return the number of rows that it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.rowcount


def update(row: models.Model, **columns: Any) -> int:
    """Run a plain UPDATE of the row, past its manager and signals."""
    return type(row)._base_manager.filter(pk=row.pk).update(**columns)


def stored(row: models.Model) -> dict[str, Any]:
    return type(row)._base_manager.filter(pk=row.pk).values().get()


@pytest.mark.parametrize("model, column, value", APPEND_ONLY, ids=[case[0].__name__ for case in APPEND_ONLY])
def test_an_append_only_row_is_neither_changed_nor_deleted(model, column, value):
    row = insert(valid(model))
    before = stored(row)

    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        update(row, **{column: value})
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        execute(f"UPDATE {model._meta.db_table} SET {column} = {column}")
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        execute(f"DELETE FROM {model._meta.db_table}")

    assert stored(row) == before


def test_a_reputation_event_is_not_changed():
    event = insert(valid(ReputationEvent))

    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        update(event, delta=500)

    assert stored(event)["delta"] == 10


def test_a_reputation_event_is_not_deleted_while_its_worker_stays():
    event = insert(valid(ReputationEvent))

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        event.delete()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        execute("DELETE FROM reputation_events")

    assert ReputationEvent.objects.count() == 1


def test_a_reputation_event_goes_with_its_worker_and_others_stay():
    event, other = insert(valid(ReputationEvent)), insert(valid(ReputationEvent))

    event.worker.hard_delete()

    assert list(ReputationEvent.objects.all()) == [other]
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        execute("DELETE FROM reputation_events")


def test_an_event_is_not_changed():
    event = insert(valid(PlatformEvent))

    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        update(event, sequence=2)

    assert stored(event)["sequence"] == 1


def test_an_event_is_not_deleted_while_its_platform_stays():
    event = insert(valid(PlatformEvent))

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        event.delete()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        execute("DELETE FROM events")

    assert PlatformEvent.objects.count() == 1


def test_an_event_goes_with_its_platform_and_others_stay():
    event, other = insert(valid(PlatformEvent)), insert(valid(PlatformEvent))

    event.platform.hard_delete()

    assert list(PlatformEvent.objects.all()) == [other]
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        execute("DELETE FROM events")


@pytest.mark.parametrize("number", [4, 5])
def test_the_number_of_the_last_event_only_grows(number):
    counter = insert(valid(EventCounter, last_sequence=5))

    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        update(counter, last_sequence=number)

    assert update(counter, last_sequence=6) == 1


def test_an_account_is_never_deleted():
    account = insert(valid(Account))

    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        execute("DELETE FROM accounts WHERE id = %s", account.pk)
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        account.delete()

    assert Account.objects.filter(pk=account.pk).exists()


@pytest.mark.parametrize("column", ["id", "name", "worker_id", "platform_id", "may_go_below_zero"])
def test_what_an_account_is_never_changes(column):
    account = insert(valid(Account))
    before = stored(account)
    changed = {
        "id": account.pk + 1,
        "name": "in_transit",
        "worker_id": WorkerFactory().pk,
        "platform_id": None,
        "may_go_below_zero": True,
    }

    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        update(account, **{column: changed[column]})

    assert stored(account) == before


def test_the_balance_of_an_account_moves():
    account = insert(valid(Account))

    assert update(account, balance=Decimal(5), oldest_part_at=AT) == 1


@pytest.mark.parametrize(
    "model, before, after, legal",
    spread(PAIRS, of="moves", one_in=5),
    ids=lambda given: getattr(given, "__name__", None),
)
def test_the_database_allows_exactly_the_moves_of_the_table(model, before, after, legal):
    row = insert(in_status(model, before))

    if legal:
        assert update(row, **columns_of(model, after)) == 1
        assert stored(row)["status"] == after
    else:
        with pytest.raises(DatabaseError, match="Invalid transition"), transaction.atomic():
            update(row, **columns_of(model, after))
        assert stored(row)["status"] == before


@pytest.mark.parametrize("model, moves", MOVES, ids=lambda given: getattr(given, "__name__", ""))
def test_writing_the_same_status_again_is_no_move(model, moves):
    for status in moves:
        row = insert(in_status(model, status))
        assert update(row, status=status) == 1


def _half_released() -> Stream:
    return insert(valid(Stream, released_amount=Decimal(5), sequence=3))


@pytest.mark.parametrize(
    "columns",
    [
        {"released_amount": Decimal("4.999999")},
        {"sequence": 2},
        {"released_amount": Decimal(6), "sequence": 2},
        {"released_amount": Decimal(4), "sequence": 4},
    ],
    ids=lambda columns: "-".join(columns),
)
def test_what_a_stream_has_released_never_goes_back(columns):
    stream = _half_released()
    before = stored(stream)

    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        update(stream, **columns)

    assert stored(stream) == before


def test_what_a_stream_has_released_grows():
    stream = _half_released()

    assert update(stream, released_amount=Decimal("5.000001"), sequence=4) == 1
    assert update(stream, next_release_at=AT + timedelta(minutes=1)) == 1
    assert stored(stream)["remaining_amount"] == Decimal("4.999999")


# --- Signing in ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("model", [RefreshToken, WalletNonce, SocialAuthorization])
@pytest.mark.parametrize("after", [None, AT + timedelta(seconds=1)])
def test_what_was_used_once_stays_used(model, after):
    row = insert(valid(model))
    assert update(row, used_at=AT) == 1
    before = stored(row)

    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        update(row, used_at=after)

    assert stored(row) == before


@pytest.mark.parametrize(
    "columns", [{"revoked_at": None, "revoked_because": ""}, {"expires_at": AT + timedelta(days=90)}]
)
def test_a_revoked_session_stays_revoked(columns):
    session = insert(valid(WorkerSession))
    assert update(session, revoked_at=AT, revoked_because="signed_out") == 1
    before = stored(session)

    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        update(session, **columns)

    assert stored(session) == before


@pytest.mark.parametrize(
    "column, value",
    [("parameters", {"value": "9"}), ("amount", Decimal(9)), ("reason", "x"), ("payload_hash", "0" * 64)],
)
def test_what_was_asked_for_stays(column, value):
    row = insert(valid(Approval))
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        update(row, **{column: value})


def test_what_was_decided_stays_and_nothing_is_deleted():
    row = insert(valid(Approval))
    decided = {"decided_by": "staff:2", "decided_at": AT, "decision_reason": "no"}
    assert update(row, decision="refused", **decided) == 1
    for changes in ({"decision": None}, {"decision_reason": "yes"}, {"executed_at": AT}):
        with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
            update(row, **changes)
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        execute("DELETE FROM approvals WHERE id = %s", row.pk)


# --- Letters ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("end", [{"sent_at": AT}, {"given_up_at": AT, "tries": 1}])
def test_a_letter_that_has_ended_is_not_sent_again(end):
    letter = insert(valid(Letter))
    assert update(letter, next_try_at=None, **end) == 1
    before = stored(letter)

    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        update(letter, next_try_at=AT, sent_at=None, given_up_at=None)

    assert stored(letter) == before


# --- Assignments --------------------------------------------------------------------------------------------
def test_an_assignment_changes_until_it_is_done_and_stays_on_record():
    assignment = insert(valid(Assignment))
    for column in ("subject_id", "assigned_by"):
        with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
            update(assignment, **{column: "staff:9"})
    assert update(assignment, assignee="staff:3", state="waiting_worker") == 1
    assert update(assignment, state="done") == 1
    before = stored(assignment)

    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        update(assignment, state="open")
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        execute("DELETE FROM assignments")

    assert stored(assignment) == before


# --- Claims -------------------------------------------------------------------------------------------------
def test_a_claim_only_ends_and_stays_on_record():
    claim = insert(valid(Claim))
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        update(claim, claimed_by="2")
    assert update(claim, ended_at=AT + timedelta(seconds=1), ended_by="1") == 1
    before = stored(claim)

    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        update(claim, ended_at=None, ended_by="")
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        execute("DELETE FROM claims")

    assert stored(claim) == before
