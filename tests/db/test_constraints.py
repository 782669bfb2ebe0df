"""Each named constraint refuses, by its own name, the write it was made for."""

import pytest
from django.db import IntegrityError, connection, models, transaction

from audit.models import (
    DatabaseIdentity,
)
from loans.models import Loan
from payments.models import (
    Account,
    PayoutHold,
    SandboxWallet,
    Stream,
    WalletOrder,
)
from platforms.models import (
    Dispute,
    Platform,
    UsageCorrection,
    WorkEvent,
)
from reputation.models import CreatorMilestone, PointsEntry
from tests.support.database.broken_rows import BROKEN, REPEATED
from tests.support.database.tables import own_models
from tests.support.database.valid_rows import AT, columns_of, insert, valid
from tests.support.factories import PlatformFactory, TaskFactory, WorkerFactory
from tests.support.long_forms import spread
from workers.models import (
    Worker,
)

MODELS = [model for model in own_models() if model._meta.managed]


def _refused_by(row: models.Model) -> str | None:
    """Return the name of the constraint by which the database refuses the row; None when it takes it."""
    try:
        with transaction.atomic():
            insert(row)
    except IntegrityError as error:
        return error.__cause__.diag.constraint_name
    return None


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_valid_row_of_every_table_is_taken(model):
    if model is DatabaseIdentity:
        assert _refused_by(valid(model)) == "database_identity_pkey"  # `migrate` has written the only row
        return
    assert _refused_by(valid(model)) is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name, model, changes",
    spread(BROKEN, of="checks", one_in=5),
    ids=[f"{name}-{'-'.join(changes)}" for name, _, changes in BROKEN],
)
def test_a_check_refuses_by_its_name(name, model, changes):
    row = valid(model, **changes)
    before = model._base_manager.count()

    assert _refused_by(row) == name
    assert model._base_manager.count() == before


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name, model, key, shared",
    spread(REPEATED, of="keys", one_in=4),
    ids=[f"{case[0]}-{'-'.join(case[3])}" for case in REPEATED],
)
def test_a_second_row_with_the_same_key_is_refused_by_its_name(name, model, key, shared):
    first = valid(model, **shared)
    if name == "ledger_release_once":
        first.subject_id = insert(valid(Stream)).pk
    if name == "points_reversed_once":
        first.reverses = insert(valid(PointsEntry))
    if name == "correction_reverted_once":
        first.kind, first.reverts = "revert", insert(valid(UsageCorrection))
    if name == "sandbox_transfer_nonce_once":
        first.from_wallet = insert(valid(SandboxWallet))
    if name == "transaction_one_withdrawal_under_way":
        first.platform = PlatformFactory()
    if name == "dispute_one_open_per_task":
        first.side = "platform"
    insert(first)
    second = valid(model, **{**shared, **{column: getattr(first, column) for column in key}})

    assert _refused_by(second) == name


@pytest.mark.django_db
def test_a_platform_has_one_account_of_a_name():
    of_platform = {"worker": None, "name": "escrow", "payout_schedule": None}
    first = insert(valid(Account, **of_platform, platform=PlatformFactory()))
    second = valid(Account, **of_platform, platform=first.platform)

    assert _refused_by(second) == "account_once_per_platform"


@pytest.mark.django_db
def test_a_platform_has_one_open_hold_of_everything():
    first = insert(valid(PayoutHold, worker=None, platform=PlatformFactory()))
    second = valid(PayoutHold, worker=None, platform=first.platform)

    assert _refused_by(second) == "payout_hold_of_everything_once_per_platform"


@pytest.mark.django_db
def test_keys_that_differ_and_ended_rows_do_not_stand_in_the_way():
    worker, task = WorkerFactory(), TaskFactory()
    for status in ("repaid", "defaulted", "cancelled", "pending"):
        insert(valid(Loan, worker=worker, **columns_of(Loan, status)))
    for external_id, on in [("7", None), ("8", None), (None, AT.date()), (None, None)]:
        insert(valid(WorkEvent, task=task, external_id=external_id, event_date=on))
    resolved = {"resolved_at": AT, "outcome": "worker", "worker_amount": 1, "refund_amount": 0}
    for changes in (resolved, {"side": "worker"}):
        insert(valid(Dispute, task=task, **changes))

    assert (worker.loans.count(), task.work_events.count(), task.disputes.count()) == (4, 4, 2)


UNIQUE_COLUMNS = [
    (model, field.name)
    for model in MODELS
    for field in model._meta.concrete_fields
    if field.unique and not field.primary_key
]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "model, column",
    spread(UNIQUE_COLUMNS, of="unique columns", one_in=5),
    ids=[f"{model.__name__}.{column}" for model, column in UNIQUE_COLUMNS],
)
def test_a_unique_column_takes_no_value_twice(model, column):
    values = {"tx_hash": "0x1", "circle_tx_id": "1", "source_key": "fact"}
    if model is WalletOrder:
        values |= {"worker": insert(valid(Worker)), "platform": insert(valid(Platform))}
    # A milestone has an operation only when its token is made.
    state = columns_of(CreatorMilestone, "done") if model is CreatorMilestone else {}
    first = valid(model, **state | ({column: values[column]} if column in values else {}))
    insert(first)
    before = model._base_manager.count()

    refused_by = _refused_by(valid(model, **state | {column: getattr(first, column)}))

    assert refused_by is not None
    assert column in refused_by
    assert model._base_manager.count() == before


def test_every_constraint_of_the_models_has_a_case_here():
    declared = {constraint.name for model in MODELS for constraint in model._meta.constraints}
    covered = {case[0] for case in [*BROKEN, *REPEATED]} | {
        "account_once_per_platform",
        "payout_hold_of_everything_once_per_platform",
    }

    assert declared - covered == set(), "add a violating write for each of these"
    assert covered - declared == set(), "these are no longer declared"


@pytest.mark.django_db
def test_every_constraint_of_the_models_is_in_the_database():
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint UNION SELECT indexname FROM pg_indexes")
        present = {name for (name,) in cursor.fetchall()}

    assert {constraint.name for model in MODELS for constraint in model._meta.constraints} <= present
