"""Calling the API in tests as its users do."""

import itertools
import json
from datetime import timedelta
from typing import Any

from django.test import Client

from gigstream.core.clock import database_now
from platforms import services
from platforms.models import ApiKey, Platform
from workers.models import Worker
from workers.sign_in.enums import SignInMethod
from workers.sign_in.services.sessions import open_session

_keys = itertools.count(1)


class Api:
    """A caller with a credential. Each act has a fresh idempotency key unless a key is given."""

    def __init__(self, credential: str = "") -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {credential}"} if credential else {}

    @classmethod
    def as_worker(cls, worker: Worker) -> "Api":
        """Return a client of that worker, signed in."""
        signed_in = open_session(worker_id=worker.pk, method=SignInMethod.PASSWORD, now=database_now())
        return cls(signed_in.access_token)

    @classmethod
    def of(cls, platform: Platform, **key: Any) -> "Api":
        """Return a client of that platform, with a new API key."""
        return cls(services.create_api_key(platform_id=platform.pk, **key)[1])

    def get(self, path: str, **query: str) -> Any:
        return self.client.get(f"/api/v1/{path}", query, headers=self.headers)

    def send(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """Send the request with that method."""
        return self.get(path) if method == "GET" else self._send(method, path, body, key)

    def post(self, path: str, body: Any = None, *, key: str | None = None, raw: bytes | None = None) -> Any:
        return self._send("POST", path, body, key, raw)

    def put(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        return self._send("PUT", path, body, key)

    def patch(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        return self._send("PATCH", path, body, key)

    def _send(self, method: str, path: str, body: Any, key: str | None, raw: bytes | None = None) -> Any:
        key = f"key-{next(_keys)}" if key is None else key
        return self.client.generic(
            method,
            f"/api/v1/{path}",
            json.dumps({} if body is None else body) if raw is None else raw,
            content_type="application/json",
            headers={**self.headers, **({"Idempotency-Key": key} if key else {})},
        )


def leave_uses_unnoted() -> None:
    """Have the uses of all keys noted tomorrow only, so that none is within the minutes that tests take."""
    ApiKey.objects.update(last_used_at=database_now() + timedelta(days=1))


def is_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Require a problem of this status and code; return the answer's body."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body = json.loads(answer.content)
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"] == f"urn:gigstream:problem:{code}"
    assert body["request_id"] == answer["X-Request-Id"]
    return body
