"""Assignment, leaving, declining, unassignment and start at the same time: each order has one outcome."""

from functools import partial

import pytest

from gigstream.core.errors import IllegalMove
from platforms import services as platforms
from platforms.invitations.errors import WorkerNotFound
from platforms.models import Consent, Task
from tests.support.books import entries_of_task
from tests.support.database.interleaving import first_then_second
from tests.support.factories import PlatformFactory, TaskFactory, WorkerFactory, assigned, balance, consent

pytestmark = pytest.mark.django_db(transaction=True)


class TestLeaving:
    @pytest.fixture
    def task(self):
        return TaskFactory(platform=PlatformFactory(funds="100"))

    @pytest.fixture
    def worker(self, task):
        worker = WorkerFactory()
        consent(task.platform, worker)
        return worker

    def assigning(self, task, worker):
        return partial(platforms.assign_task, task_id=task.pk, worker_id=worker.pk)

    def leaving(self, task, worker):
        return partial(platforms.leave_platform, worker_id=worker.pk, platform_id=task.platform_id)

    def test_a_worker_who_leaves_first_is_not_assigned(self, books_balance, task, worker):
        left, refusal = first_then_second(self.leaving(task, worker), self.assigning(task, worker))

        assert (left.ended_by, type(refusal)) == ("worker", WorkerNotFound)
        task.refresh_from_db()
        assert (task.status, task.worker_id, task.assignment_number) == ("created", None, 0)
        assert (balance(task.platform, "available"), balance(task.platform, "escrow")) == (100, 0)
        books_balance()

    def test_a_worker_who_is_assigned_first_leaves_after_it(self, books_balance, task, worker):
        given, left = first_then_second(self.assigning(task, worker), self.leaving(task, worker))

        assert (given.status, given.worker_id) == ("assigned", worker.pk)
        assert left.accepted_at < given.assigned_at <= left.ended_at
        assert balance(task.platform, "escrow") == given.amount + given.amount / 50
        books_balance()

    def test_of_ten_assignments_and_a_leave_at_once_none_comes_after_the_consent(
        self, at_once, books_balance, worker, task
    ):
        tasks = [TaskFactory(platform=task.platform, amount="5") for _ in range(10)]
        calls = [self.assigning(one, worker) for one in tasks]

        done, refusals = at_once(*calls[:5], self.leaving(task, worker), *calls[5:])

        end = Consent.objects.get().ended_at
        given = Task.objects.filter(worker=worker)
        assert len(done) == len(given) + 1
        assert {type(refusal) for refusal in refusals} <= {WorkerNotFound}
        assert all(one.assigned_at <= end for one in given)
        books_balance()


class TestBeforeTheStart:
    @pytest.fixture
    def task(self):
        return assigned(platform=PlatformFactory(funds="100"), amount="10")

    def acts_on(self, task):
        return {
            "start": partial(platforms.start_task, task_id=task.pk),
            "decline": partial(platforms.decline_task, task_id=task.pk, worker_id=task.worker_id),
            "unassign": partial(platforms.unassign_task, task_id=task.pk),
        }

    @pytest.mark.parametrize("give_back", ["decline", "unassign"])
    def test_a_task_that_goes_back_first_does_not_start(self, books_balance, task, give_back):
        does = self.acts_on(task)

        returned, refusal = first_then_second(does[give_back], does["start"])

        assert (returned.status, type(refusal)) == ("created", IllegalMove)
        task.refresh_from_db()
        assert (task.status, task.worker_id, task.started_at) == ("created", None, None)
        assert (balance(task.platform, "available"), balance(task.platform, "escrow")) == (100, 0)
        books_balance()

    @pytest.mark.parametrize("give_back", ["decline", "unassign"])
    def test_a_task_that_starts_first_does_not_go_back(self, books_balance, task, give_back):
        does = self.acts_on(task)

        begun, refusal = first_then_second(does["start"], does[give_back])

        assert (begun.status, type(refusal)) == ("in_progress", IllegalMove)
        task.refresh_from_db()
        assert (task.status, task.worker_id) == ("in_progress", begun.worker_id)
        assert balance(task.platform, "escrow") == task.amount + task.amount / 50
        books_balance()

    def test_of_a_decline_and_an_unassignment_one_gives_the_money_back(self, books_balance, task):
        does = self.acts_on(task)

        returned, refusal = first_then_second(does["decline"], does["unassign"])

        assert (returned.status, type(refusal)) == ("created", IllegalMove)
        assert (balance(task.platform, "available"), balance(task.platform, "escrow")) == (100, 0)
        assert entries_of_task(task).filter(kind="refund").count() == 1
        books_balance()
