"""Given: a platform, a worker and their callers, and the register of ways to meet a code."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import pytest
from django.core import mail
from django.db import connection

from gigstream.core.clock import database_now
from platforms.platforms.scopes import scope_names
from tests.support.api.client import Api
from tests.support.decisions import suspend_worker
from tests.support.factories import (
    PlatformFactory,
    WorkerFactory,
    consent,
    running_stream,
    started,
)
from workers import services as workers

PASSWORD = "a long passphrase"
TASK = {"title": "Deliver", "task_type": "fixed", "amount": "5"}


class Given:
    """A platform with money, a worker, and each as a caller."""

    def __init__(self, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.settings, self.monkeypatch, self.now = settings, monkeypatch, database_now()
        self.platform = PlatformFactory(funds="100", now=self.now)
        self.api = Api.of(self.platform, scopes=scope_names())
        self.nobody = Api()

    @cached_property
    def worker(self) -> Any:
        return WorkerFactory(now=self.now)

    @cached_property
    def me(self) -> Api:
        return Api.as_worker(self.worker)

    def task(self, make: Callable[..., Any] = started, **terms: Any) -> Any:
        return make(self.worker, platform=self.platform, now=self.now, **terms)

    def stream(self, **terms: Any) -> Any:
        return running_stream(self.worker, platform=self.platform, now=self.now, **terms)

    def registered(self, **fields: Any) -> Any:
        body = {"email": "ana@example.com", "password": PASSWORD, "full_name": "Ana", **fields}
        return self.nobody.post("auth/register", body)

    def confirmed(self) -> Any:
        """Return the answer to the token in the newest letter."""
        workers.send_registrations()
        token = re.search(r"gt_\S+", mail.outbox[-1].body)[0]
        return self.nobody.post("auth/confirm", {"token": token})

    def signed_up(self) -> Any:
        self.registered()
        return self.confirmed()

    def suspended(self) -> Any:
        consent(self.platform, self.worker, now=self.now)
        suspend_worker(worker_id=self.worker.pk, reason="checks")
        return self.worker

    @contextmanager
    def failing(self, error: Exception) -> Iterator[None]:
        """Make every statement fail."""

        def fail(*_: Any) -> None:
            raise error

        with connection.execute_wrapper(fail):
            yield


HOWS: dict[tuple[str, int], Callable[[Given], Any]] = {}


def how(code: str, status: int) -> Callable[[Callable[[Given], Any]], None]:
    def keep(ask: Callable[[Given], Any]) -> None:
        HOWS[code, status] = ask

    return keep
