"""Bells: rung after the commit, at most one a second for each job, and none that was rung is forgotten."""

from itertools import count, pairwise

import pytest
from django.db import transaction

from audit import jobs


class Clockwork:
    """A clock that stands still until it is told otherwise, timers that wait on it, and bells it hears."""

    def __init__(self) -> None:
        self.now = 100.0
        self.heard: list[tuple[str, float]] = []
        self._waiting: list[tuple[float, int, object, list[str]]] = []
        self._numbers = count()

    def timer(self, seconds, call, arguments):
        self._waiting.append((self.now + seconds, next(self._numbers), call, arguments))
        return type("Timer", (), {"start": lambda timer: None})()

    def send(self, name):
        self.heard.append((name, self.now))

    def pass_to(self, now):
        while due := sorted(one for one in self._waiting if one[0] <= now):
            self._waiting.remove(due[0])
            self.now, _, call, arguments = due[0]
            call(*arguments)
        self.now = now


@pytest.fixture
def clockwork(monkeypatch):
    clockwork = Clockwork()
    monkeypatch.setattr(jobs, "_rung_at", {})
    monkeypatch.setattr(jobs, "monotonic", lambda: clockwork.now)
    monkeypatch.setattr(jobs, "Timer", clockwork.timer)
    monkeypatch.setattr(jobs, "_send", clockwork.send)
    return clockwork


@pytest.mark.django_db(transaction=True)
def test_a_bell_is_rung_after_the_commit_and_not_without_one(clockwork):
    with transaction.atomic():
        jobs.ring("submit_payouts")
        assert clockwork.heard == []
    assert clockwork.heard == [("submit_payouts", 100.0)]

    with transaction.atomic():
        jobs.ring("poll_settlements")
        transaction.set_rollback(True)
    assert clockwork.heard == [("submit_payouts", 100.0)]


@pytest.mark.django_db(transaction=True)
def test_those_who_ring_within_a_second_of_a_bell_share_the_next_one(clockwork):
    for moment in (100.0, 100.2, 100.5, 100.9):
        clockwork.pass_to(moment)
        jobs.ring("submit_payouts")
    clockwork.pass_to(109.0)

    assert clockwork.heard == [("submit_payouts", 100.0), ("submit_payouts", 101.0)]


@pytest.mark.django_db(transaction=True)
def test_a_bell_after_each_ring_and_never_two_within_a_second(clockwork):
    rings = [100.0, 100.3, 101.0, 101.1, 102.9, 103.95, 104.0, 110.0]
    for moment in rings:
        clockwork.pass_to(moment)
        jobs.ring("submit_payouts")
    clockwork.pass_to(120.0)

    bells = [at for _, at in clockwork.heard]
    assert all(any(ring <= bell <= ring + 1 for bell in bells) for ring in rings)
    assert all(later - earlier >= 1 for earlier, later in pairwise(bells))


@pytest.mark.django_db(transaction=True)
def test_each_job_has_a_bell_of_its_own(clockwork):
    jobs.ring("submit_payouts")
    jobs.ring("poll_settlements")

    assert clockwork.heard == [("submit_payouts", 100.0), ("poll_settlements", 100.0)]
