"""The audit log: the actor, refusals, and that nobody can change the record unseen."""

import json
import logging
import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection, transaction

from audit.chain import services as sealing
from audit.log.context import SYSTEM, Actor, acting, current_actor
from audit.log.enums import ActorType
from audit.log.log_lines import ContextFilter
from audit.log.services import Record, jsonable, record_many, verb
from audit.models import AuditLog, AuditSeal
from gigstream.core.errors import Refusal
from tests.support.factories import WorkerFactory
from workers.models import Worker

STAFF = Actor(ActorType.STAFF, "7", ip_address="192.0.2.1", user_agent="curl", request_id="r-1")


@pytest.fixture(autouse=True)
def _any_action(monkeypatch):
    """Let these tests record actions that no app has registered."""
    monkeypatch.setattr("audit.log.services.require_action", lambda action: None)


def log(*actions: str) -> None:
    record_many(Record(action, "thing", "1") for action in actions)


class TestActor:
    def test_it_is_the_system_unless_somebody_acts(self):
        assert current_actor() == SYSTEM
        with acting(STAFF):
            assert current_actor() == STAFF
        assert current_actor() == SYSTEM

    @pytest.mark.django_db
    def test_it_is_written_into_every_line(self):
        with acting(STAFF):
            log("thing.done")
        line = AuditLog.objects.get()
        assert (line.actor_type, line.actor_id, line.ip_address, line.request_id) == (
            "staff",
            "7",
            "192.0.2.1",
            "r-1",
        )

    def test_it_is_on_every_log_line(self):
        record = logging.LogRecord("x", logging.INFO, "", 1, "hello", None, None)
        with acting(STAFF):
            assert ContextFilter().filter(record)
        assert (record.request_id, record.actor) == ("r-1", "staff:7")


class TestVerb:
    @pytest.fixture
    def act(self):
        class Never(Refusal):
            code = "never"

        @verb("thing.act", "thing")
        def act(*, thing_id: int, refuse: bool = True) -> None:
            WorkerFactory(email="made@example.com")
            if refuse:
                raise Never("it never goes", limit=3)

        return act

    @pytest.mark.django_db
    def test_a_refused_person_leaves_one_line_and_nothing_else(self, act):
        with acting(STAFF), pytest.raises(Refusal):
            act(thing_id=42)

        assert not Worker.objects.exists()
        line = AuditLog.objects.get()
        assert (line.action, line.resource_id, line.success) == ("thing.act", "42", False)
        assert line.error_message == "it never goes"
        assert line.metadata == {"code": "never", "limit": "3"}

    @pytest.mark.django_db
    def test_what_is_no_id_is_not_kept(self):
        WorkerFactory(email="taken@example.com")
        with acting(STAFF), pytest.raises(Refusal):
            WorkerFactory(email="taken@example.com")

        line = AuditLog.objects.get(success=False)
        assert (line.action, line.resource_id) == ("worker.register", "")
        assert "taken@" not in str(vars(line))

    @pytest.mark.django_db
    def test_a_refusal_inside_another_verb_is_told_once_by_the_outermost(self, act):
        @verb("whole.act", "whole")
        def whole(*, whole_id: str) -> None:
            act(thing_id=42)

        with acting(STAFF), pytest.raises(Refusal):
            whole(whole_id="1")

        assert [line.action for line in AuditLog.objects.all()] == ["whole.act"]

    @pytest.mark.django_db
    def test_a_refused_job_leaves_no_line(self, act):
        with pytest.raises(Refusal):
            act(thing_id=42)
        assert not AuditLog.objects.exists()


@pytest.mark.django_db
class TestLinesOfAVerb:
    """Lines that are written together, as the last thing that a verb does, and share its fate."""

    @pytest.fixture
    def act(self):
        @verb("thing.act", "thing")
        def act(*, thing_id: int, refuse: bool = False) -> int:
            log(f"{thing_id}.done")
            if refuse:
                raise Refusal("no")
            return AuditLog.objects.count()

        return act

    def test_they_are_written_when_it_ends(self, act):
        assert act(thing_id=1) == 0
        assert [line.action for line in AuditLog.objects.all()] == ["1.done"]

    def test_verbs_inside_it_add_to_its_lines_in_the_order_of_the_acts(
        self, act, django_assert_max_num_queries
    ):
        @verb("whole.act", "whole")
        def whole(*, whole_id: int) -> None:
            log("begun")
            act(thing_id=1)
            with acting(STAFF):
                log("ended")

        with django_assert_max_num_queries(6):  # two savepoints, the count in `act`, and all lines
            whole(whole_id=1)
        lines = AuditLog.objects.order_by("id").values_list("action", "actor_type")
        assert list(lines) == [("begun", "system"), ("1.done", "system"), ("ended", "staff")]

    def test_what_a_refused_verb_inside_it_had_recorded_is_forgotten(self, act):
        @verb("whole.act", "whole")
        def whole(*, whole_id: int) -> None:
            with pytest.raises(Refusal):
                act(thing_id=1, refuse=True)
            log("went on")

        whole(whole_id=1)
        assert [line.action for line in AuditLog.objects.all()] == ["went on"]


def test_values_become_exact_json():
    values = {"amount": Decimal("1.10"), "at": datetime(2026, 1, 2, tzinfo=UTC), "n": [1, None, True]}
    assert json.dumps(jsonable(values)) == (
        '{"amount": "1.10", "at": "2026-01-02T00:00:00+00:00", "n": [1, null, true]}'
    )


def seal_all(lines: int) -> None:
    """Seal until so many lines are covered: a transaction elsewhere on the server may hold some back."""
    deadline = time.monotonic() + 60
    while lines > 0:
        assert time.monotonic() < deadline
        lines -= sealing.seal()


@pytest.mark.django_db(transaction=True)
class TestChain:
    def test_links_cover_each_line_once_and_verify(self):
        log("a", "b")
        seal_all(2)
        assert sealing.seal() == 0
        log("c")
        seal_all(1)

        first, second = AuditSeal.objects.order_by("id")
        assert (first.row_count, second.row_count) == (2, 1)
        assert first.previous_hash == sealing.GENESIS
        assert second.previous_hash == first.hash
        assert sealing.broken_seals() == []

    def test_a_line_whose_transaction_is_open_waits_for_the_next_link(self):
        from concurrent.futures import ThreadPoolExecutor

        def seal_elsewhere() -> int:
            try:
                return sealing.seal()
            finally:
                connection.close()

        with transaction.atomic():
            log("open")
            with ThreadPoolExecutor(1) as pool:
                assert pool.submit(seal_elsewhere).result() == 0
        seal_all(1)
        assert sealing.broken_seals() == []

    @pytest.mark.parametrize(
        "tampering",
        [
            "UPDATE audit_logs SET action = 'x' WHERE action = 'b'",
            "DELETE FROM audit_logs WHERE action = 'b'",
            "INSERT INTO audit_logs (actor_type, actor_id, action, resource_type, resource_id,"
            " changes_before, changes_after, success, error_message, user_agent, request_id, metadata,"
            " transaction_number) SELECT actor_type, actor_id, 'new', resource_type, resource_id,"
            " changes_before, changes_after, success, error_message, user_agent, request_id, metadata,"
            " transaction_number FROM audit_logs WHERE action = 'b'",
        ],
    )
    def test_whatever_is_changed_behind_it_is_seen(self, tampering):
        log("a", "b")
        seal_all(2)
        log("c")
        seal_all(1)
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE audit_logs DISABLE TRIGGER USER")
            cursor.execute(tampering)
            cursor.execute("ALTER TABLE audit_logs ENABLE TRIGGER USER")

        assert sealing.broken_seals() == [AuditSeal.objects.order_by("id").first().pk]
