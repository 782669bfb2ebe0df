"""Nudges: sent after the commit, at most one a second for each job, and none is lost."""

from itertools import count, pairwise

import pytest
from django.db import transaction

from gigstream.jobs import registry


class Clockwork:
    """A clock that tests move, timers that wait on it, and the messages sent."""

    def __init__(self) -> None:
        self.now = 100.0
        self.sent: list[tuple[str, float]] = []
        self._waiting: list[tuple[float, int, object, list[str]]] = []
        self._numbers = count()

    def timer(self, seconds, call, arguments):
        self._waiting.append((self.now + seconds, next(self._numbers), call, arguments))
        return type("Timer", (), {"start": lambda timer: None})()

    def send(self, name):
        self.sent.append((name, self.now))

    def pass_to(self, now):
        while due := sorted(one for one in self._waiting if one[0] <= now):
            self._waiting.remove(due[0])
            self.now, _, call, arguments = due[0]
            call(*arguments)
        self.now = now


@pytest.fixture
def clockwork(monkeypatch):
    clockwork = Clockwork()
    monkeypatch.setattr(registry, "_nudged_at", {})
    monkeypatch.setattr(registry, "monotonic", lambda: clockwork.now)
    monkeypatch.setattr(registry, "Timer", clockwork.timer)
    monkeypatch.setattr(registry, "_send_message", clockwork.send)
    return clockwork


@pytest.mark.django_db(transaction=True)
def test_a_nudge_is_sent_after_the_commit_and_not_without_one(clockwork):
    with transaction.atomic():
        registry.nudge_job("submit_payouts")
        assert clockwork.sent == []
    assert clockwork.sent == [("submit_payouts", 100.0)]

    with transaction.atomic():
        registry.nudge_job("poll_settlements")
        transaction.set_rollback(True)
    assert clockwork.sent == [("submit_payouts", 100.0)]


@pytest.mark.django_db(transaction=True)
def test_nudges_within_a_second_of_a_message_share_the_next_one(clockwork):
    for moment in (100.0, 100.2, 100.5, 100.9):
        clockwork.pass_to(moment)
        registry.nudge_job("submit_payouts")
    clockwork.pass_to(109.0)

    assert clockwork.sent == [("submit_payouts", 100.0), ("submit_payouts", 101.0)]


@pytest.mark.django_db(transaction=True)
def test_a_message_after_each_nudge_and_never_two_within_a_second(clockwork):
    nudges = [100.0, 100.3, 101.0, 101.1, 102.9, 103.95, 104.0, 110.0]
    for moment in nudges:
        clockwork.pass_to(moment)
        registry.nudge_job("submit_payouts")
    clockwork.pass_to(120.0)

    sent = [at for _, at in clockwork.sent]
    assert all(any(nudge <= at <= nudge + 1 for at in sent) for nudge in nudges)
    assert all(later - earlier >= 1 for earlier, later in pairwise(sent))


@pytest.mark.django_db(transaction=True)
def test_each_job_has_a_bell_of_its_own(clockwork):
    registry.nudge_job("submit_payouts")
    registry.nudge_job("poll_settlements")

    assert clockwork.sent == [("submit_payouts", 100.0), ("poll_settlements", 100.0)]
