"""The comparison can fail: it names each derived column that is off, and each rule that was passed by."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from gigstream.core import sql
from gigstream.core.ids import new_id
from payments import services as payments
from tests.support.factories import running_stream, seconds
from tests.support.parity import oracle
from tests.support.parity.acts import ACTS
from tests.support.parity.figures import raw
from tests.support.parity.story import BLOCKED_WALLET, Story, begin, go_on, make_up_for

pytestmark = pytest.mark.long_form


@pytest.fixture(scope="module")
def told(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[Story]:
    """A short history for all cases, in which each act was done: it is never committed."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.SANDBOX_BLOCKLIST", [BLOCKED_WALLET])
        frame = transaction.atomic()
        frame._from_testcase = True
        with frame:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            story = begin(1)
            go_on(story, 60)
            make_up_for(story)
            paused, _active = running_stream(now=story.now), running_stream(now=story.now)
            payments.pause_stream(stream_id=paused.pk, now=story.later())
            oracle.replay()
            yield story
            transaction.set_rollback(True)


@pytest.fixture
def story(told: Story, django_db_blocker: pytest.FixtureRequest) -> Iterator[Story]:
    """The history, in a savepoint of the case's own."""
    with django_db_blocker.unblock():
        frame = transaction.atomic()
        frame._from_testcase = True
        with frame:
            yield told
            transaction.set_rollback(True)


def one_of(rows: str) -> Any:
    """Return the id of one of the application's rows, all of which are alike here."""
    return sql.rows(f"SELECT id FROM public.{rows} ORDER BY id LIMIT 1")[0]["id"]


def another(value: Any) -> Any:
    """Return a value of the same type, as near as can be."""
    match value:
        case str():
            return "cancelled" if value != "cancelled" else "active"
        case datetime() | timedelta():
            return value + timedelta(microseconds=1)
        case date():
            return value + timedelta(days=1)
    return value + 1


def test_both_sides_agree_when_everything_has_happened_once(story):
    assert [name for name in ACTS if not story.done[name]] == []
    assert oracle.differences() == []


@pytest.mark.parametrize("rule, table, column", oracle.COLUMNS, ids=map("-".join, oracle.COLUMNS))
def test_a_value_that_is_off_is_named(story, rule, table, column):
    keys = oracle.KEYS.get(table, ("id",))
    where = " AND ".join(f"{name} = %s" for name in keys)
    found = oracle.read("oracle", table, (column,))
    key, value = next((key, row[column]) for key, row in sorted(found.items()) if row[column] is not None)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE oracle.{table} DISABLE TRIGGER USER")
        cursor.execute(f"ALTER TABLE oracle.{table} DROP CONSTRAINT IF EXISTS {table}_worker_id_number_key")

    raw(f"UPDATE oracle.{table} SET {column} = %s WHERE {where}", another(value), *key)

    assert oracle.differences() == [
        f"{rule}: {table} {' '.join(map(str, key))}: {column} is {value} in the application,"
        f" {another(value)} by the triggers"
    ]


@pytest.mark.parametrize("schema, side", [("public", "copy"), ("oracle", "application")])
def test_a_row_that_only_one_side_has_is_named(story, schema, side):
    platform = one_of("platforms WHERE id IN (SELECT platform_id FROM tasks WHERE task_type = 'milestone')")

    raw(f"DELETE FROM {schema}.task_tallies WHERE (platform_id, task_type) = (%s, 'milestone')", platform)

    assert oracle.differences() == [
        f"update_platform_statistics: task_tallies {platform} milestone is only in the {side}"
    ]


NEW_EVENT = (
    "INSERT INTO reputation_events (id, worker_id, event_type, delta, number, previous_score, new_score,"
    " reason, triggered_by, metadata) VALUES (%s, %s, 'task_late', -1, 1000, 500, 499, '', '', '{}')"
)
NEW_TRANSACTION = (
    "INSERT INTO transactions (id, created_at, updated_at, type, status, amount, fee, worker_id, from_wallet,"
    " to_wallet, confirmations, idempotency_key, retry_count, error_message, metadata)"
    " VALUES (%s, %s, now(), 'payout', 'pending', 1, 0, %s, '', '0xab', 0, 'raw', 0, '', '{}')"
)


def test_a_fact_that_passes_the_rules_of_tasks_by_is_named(story):
    task = one_of("tasks WHERE status = 'in_progress'")

    raw("UPDATE tasks SET status = 'completed', completed_at = now(), paid_amount = 1 WHERE id = %s", task)

    assert named() == {"update_worker_statistics", "update_platform_statistics"}


def test_a_fact_that_passes_the_rule_of_scores_by_is_named(story):
    raw(NEW_EVENT, new_id(), story.workers[0])

    assert named() == {"update_reputation_score"}


def test_a_fact_that_passes_the_rule_of_streams_by_is_named(story):
    """Nothing completes it any more once the database does not insist."""
    stream = one_of("streams WHERE status = 'active'")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE streams DROP CONSTRAINT stream_with_nothing_left_is_completed")

    raw("UPDATE streams SET released_amount = total_amount WHERE id = %s", stream)

    assert named() == {"update_stream_amounts"}


def test_a_fact_that_passes_the_rule_of_activity_by_is_named(story):
    raw(NEW_TRANSACTION, new_id(), story.now + seconds(1), story.workers[0])

    assert named() == {"update_worker_last_active"}


def test_a_day_of_which_the_accounts_do_not_know_is_named(story):
    oracle.begin_day(story.now + timedelta(days=1))

    assert named() == {"update_account_ages"}


def named() -> set[str]:
    """Return the rules about which the two sides differ once the copy has the writes."""
    assert oracle.replay() == 1
    return {line.partition(":")[0] for line in oracle.differences()}
