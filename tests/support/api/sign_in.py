"""A worker who signs in by password, and the answers to that."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.core import mail

from tests.support.api.client import Api
from workers import services

PASSWORD = "correct horse battery staple"
ANA = {"email": "ana@example.com", "password": PASSWORD}
REGISTER = {**ANA, "full_name": "Ana Lima"}
NEW = "a brand new passphrase"
MINUTE = timedelta(minutes=1)


def sign_in(**changes: str) -> Any:
    return Api().post("auth/login", {**ANA, **changes})


def as_bearer(token: str) -> Api:
    return Api(token)


def is_refused(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, json.loads(answer.content)["code"]) == (status, code), answer.content
    assert answer["Content-Type"] == "application/problem+json"
    if status == 401:
        assert answer["WWW-Authenticate"] == 'Bearer realm="gigstream"'


def opens(token: str) -> bool:
    answer = as_bearer(token).get("me")
    if answer.status_code != 200:
        is_refused(answer, 401, "not_authenticated")
    return bool(answer.status_code == 200)


def refreshed(token: str) -> Any:
    return Api().post("auth/refresh", {"refresh_token": token})


def token_in_mail(now: datetime | None = None) -> str:
    services.send_password_resets(now=now)
    return next(word for word in mail.outbox[-1].body.split() if word.startswith("gp_"))
