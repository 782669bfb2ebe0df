"""Every code of a refusal is in the guide's table, with its status, and each can be had over the API."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings as project
from django.core import mail
from django.core.cache import cache
from django.db import OperationalError, connection

from audit.answers import Asked, _lock_of
from gigstream.lib.api import problems
from gigstream.lib.clock import database_now
from gigstream.lib.errors import Refusal
from gigstream.lib.money import LARGEST
from gigstream.urls import urlpatterns
from loans import services as loans
from payments import services as payments
from payments.models import Transaction
from platforms import services as platforms
from platforms.enums import ApiScope
from platforms.services import MilestonePlan
from tests.api.asks import ASKS
from tests.api_client import Api
from tests.factories import (
    PlatformFactory,
    TaskFactory,
    WorkerFactory,
    accepted,
    assigned,
    consent,
    running_stream,
    settle,
    started,
    trusted_worker,
)
from tests.identity import database_made
from workers import services as workers
from workers.tokens import SignedMessage

pytestmark = pytest.mark.django_db
GUIDE = (Path(project.BASE_DIR) / "docs" / "api.md").read_text(encoding="utf-8")
LISTED = {(code, int(status)) for code, status in re.findall(r"^\| `(\w+)` \| (\d+) \|", GUIDE, re.MULTILINE)}
# What only staff can be told, in the admin; and what amounts, emails and names are told as one of `errors`.
OF_STAFF = {
    *("has_money_history", "invalid_fee", "invalid_split", "invalid_terms", "money_left", "staff_needed"),
    *("platform_deleted", "platform_name_taken", "reason_missing", "same_person"),
    *("task_not_over", "zero_adjustment", "invalid_amount", "not_for_staff", "not_observed"),
    *("permission_missing", "asked_already", "decided_already", "payload_changed", "invalid_limit"),
    *("sum_changed", "invalid_email", "invalid_name", "invalid_request_limit"),
    *("hold_exceeds_available", "held_already", "hold_ended", "invalid_hold_expiry"),
    *("switched_already", "not_parked", "not_with_provider", "break_resolved", "unknown_subject"),
    "stream_not_parked",
    *("provider_refused", "provider_silent", "claimed_by_another", "not_claimed", "unknown_job"),
    "not_adjustable",
    *("wrong_code", "code_refused", "nothing_to_do", "access_changed", "no_address", "last_superuser"),
}
PASSWORD = "a long passphrase"
TASK = {"title": "Deliver", "task_type": "fixed", "amount": "5"}


def refusals(base: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    for kind in base.__subclasses__():
        if not kind.__module__.startswith("tests."):
            yield kind
            yield from refusals(kind)


def test_the_table_has_every_code_there_is():
    assert urlpatterns  # every module that refuses has been imported
    framework = {(code, kind.status_code) for kind, code in problems._CODES.items()}
    source = Path(problems.__file__).read_text(encoding="utf-8")
    spelt = {(code, int(status)) for status, code in re.findall(r'(\d{3}),\s+"(\w+)"', source)}
    ours = {(kind.code, kind.status) for kind in refusals()}

    assert {code for code, _ in ours} >= OF_STAFF
    assert {pair for pair in framework | spelt | ours if pair[0] not in OF_STAFF} == LISTED


class Given:
    """A platform with money, a worker, and each as a caller."""

    def __init__(self, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.settings, self.monkeypatch, self.now = settings, monkeypatch, database_now()
        self.platform = PlatformFactory(funds="100", now=self.now)
        self.api = Api.of(self.platform, scopes=ApiScope.values)
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
        """The answer to the token in the newest letter."""
        workers.send_registrations()
        token = re.search(r"gt_\S+", mail.outbox[-1].body)[0]
        return self.nobody.post("auth/confirm", {"token": token})

    def signed_up(self) -> Any:
        self.registered()
        return self.confirmed()

    def suspended(self) -> Any:
        consent(self.platform, self.worker, now=self.now)
        workers.suspend_worker(worker_id=self.worker.pk, reason="checks")
        return self.worker

    @contextmanager
    def failing(self, error: Exception) -> Iterator[None]:
        """Every statement fails."""

        def fail(*_: Any) -> None:
            raise error

        with connection.execute_wrapper(fail):
            yield


class RealMoney:
    name = "real"
    simulated = False


HOWS: dict[tuple[str, int], Callable[[Given], Any]] = {}


def how(code: str, status: int) -> Callable[[Callable[[Given], Any]], None]:
    def keep(ask: Callable[[Given], Any]) -> None:
        HOWS[code, status] = ask

    return keep


HOWS |= {
    ("bad_request", 400): lambda g: g.api.client.get("/api/v1/tasks", headers={"Host": "evil.example"}),
    ("malformed_json", 400): lambda g: g.api.post("tasks", raw=b"{"),
    ("invalid_input", 400): lambda g: g.api.post("tasks", {**TASK, "color": "red"}),
    ("idempotency_key_missing", 400): lambda g: g.api.post("deposits", {"amount": "5"}, key=""),
    ("idempotency_key_invalid", 400): lambda g: g.api.post("deposits", {"amount": "5"}, key="a b"),
    ("invalid_webhook_url", 400): lambda g: g.api.put("webhook", {"url": "http://127.0.0.1/"}),
    ("invalid_address", 400): lambda g: g.nobody.post(
        "auth/wallet/nonce", {"wallet_address": "0x" + "0" * 40}
    ),
    ("invalid_sign_in_message", 400): lambda g: g.nobody.post(
        "auth/wallet/verify", {"message": "let me in", "signature": "0x" + "0" * 130}
    ),
    ("registration_refused", 400): lambda g: g.nobody.post("auth/confirm", {"token": "gt_" + "x" * 43}),
    ("reset_refused", 400): lambda g: g.nobody.post(
        "auth/password-reset/confirm", {"token": "gp_" + "x" * 43, "password": PASSWORD}
    ),
    ("invitation_refused", 400): lambda g: g.me.post("me/invitations/accept", {"token": "gi_" + "x" * 43}),
    ("no_wallet_change", 409): lambda g: g.me.post("me/wallet/cancel"),
    ("length_required", 411): lambda g: g.api.client.generic(
        "POST", "/api/v1/tasks", headers={**g.api.headers, "Transfer-Encoding": "chunked"}
    ),
    ("not_authenticated", 401): lambda g: g.nobody.get("tasks"),
    ("session_over", 401): lambda g: g.nobody.post("auth/refresh", {"refresh_token": "gr_" + "x" * 43}),
    ("sign_in_refused", 401): lambda g: g.nobody.post(
        "auth/login", {"email": "no@example.com", "password": "no"}
    ),
    ("insufficient_funds", 402): lambda g: g.api.post(
        f"tasks/{TaskFactory(platform=g.platform, amount='1000', now=g.now).pk}/assign",
        {"worker_id": str(g.worker.pk)},
    ),
    ("insufficient_scope", 403): lambda g: Api.of(g.platform, scopes=["keys:read"]).get("tasks"),
    ("not_permitted", 403): lambda g: g.me.get("tasks"),
    ("scope_beyond_own", 403): lambda g: Api.of(g.platform, scopes=["keys:write"]).post(
        "keys", {"scopes": ["money:write"]}
    ),
    ("not_found", 404): lambda g: g.api.get(f"tasks/{started(now=g.now).pk}"),
    ("method_not_allowed", 405): lambda g: g.api.put("tasks", {}),
    ("not_acceptable", 406): lambda g: g.api.client.get(
        "/api/v1/tasks", headers={**g.api.headers, "Accept": "text/html"}
    ),
    ("worker_suspended", 409): lambda g: g.api.post(
        f"tasks/{TaskFactory(platform=g.platform, now=g.now).pk}/assign",
        {"worker_id": str(g.suspended().pk)},
    ),
    ("illegal_status", 409): lambda g: g.api.post(f"tasks/{g.task(assigned).pk}/complete"),
    ("milestone_out_of_order", 409): lambda g: g.api.post(
        f"tasks/{g.task(task_type='milestone', milestones=[MilestonePlan('all', '10')]).pk}"
        "/milestones/2/approve"
    ),
    ("task_not_open", 409): lambda g: g.api.post(f"tasks/{g.task().pk}/rate", {"rating": 5}),
    ("no_webhook", 409): lambda g: g.api.post("webhook/test"),
    ("not_eligible", 409): lambda g: g.me.get("me/advances/offer"),
    ("nothing_to_claim", 409): lambda g: g.me.post(
        f"me/streams/{running_stream(g.worker, now=g.now + timedelta(hours=1)).pk}/claim"
    ),
    ("deposit_too_large", 422): lambda g: g.api.post("deposits", {"amount": "99999999999999.999999"}),
    ("body_too_large", 413): lambda g: g.api.post("tasks", {**TASK, "description": "x" * 300_000}),
    ("unsupported_media_type", 415): lambda g: g.api.client.post(
        "/api/v1/tasks", "a=b", content_type="application/x-www-form-urlencoded", headers=g.api.headers
    ),
    ("invalid_dispute", 422): lambda g: g.api.post(
        f"tasks/{g.task().pk}/dispute", {"severity": 1, "reason": " "}
    ),
    ("invalid_event_range", 422): lambda g: g.api.post(
        "events/replay", {"from_sequence": 2, "to_sequence": 1}
    ),
    ("invalid_expiry", 422): lambda g: g.api.post("keys", {"expires_at": "2020-01-01T00:00:00Z"}),
    ("invalid_due_date", 422): lambda g: g.api.post("tasks", {**TASK, "due_at": "2020-01-01T00:00:00Z"}),
    ("invalid_schedule", 422): lambda g: g.api.post(
        "tasks", {**TASK, "task_type": "time_based", "duration_seconds": 60, "release_interval": 1}
    ),
    ("milestones_do_not_add_up", 422): lambda g: g.api.post(
        "tasks", {**TASK, "task_type": "milestone", "milestones": [{"title": "a", "amount": "4"}]}
    ),
    ("wrong_task_type", 422): lambda g: g.api.post(f"tasks/{g.task().pk}/milestones/1/approve"),
    ("top_up_too_small", 422): lambda g: g.api.post(
        f"streams/{g.stream(total='72', duration=3600).pk}/top-up", {"amount": "0.000001"}
    ),
    ("weak_password", 422): lambda g: g.registered(password="password"),
}


def withdrawing(g: Given) -> Any:
    """The platform's withdrawal that waits."""
    signed = SignedMessage("0x" + "ab" * 20, workers.make_nonce(now=g.now).nonce)
    platforms.set_withdrawal_address(platform_id=g.platform.pk, signed=signed, now=g.now)
    return payments.request_withdrawal(platform_id=g.platform.pk, amount="5", now=g.now)


@how("withdrawal_under_way", 409)
def a_withdrawal_sent_again_under_another_key(g: Given) -> Any:
    withdrawing(g)
    return g.api.post("withdrawals", {"amount": "5"})


@how("no_withdrawal_address", 409)
def a_withdrawal_without_an_address(g: Given) -> Any:
    return g.api.post("withdrawals", {"amount": "5"})


@how("withdrawal_address_refused", 409)
def a_workers_address_for_withdrawals(g: Given) -> Any:
    ask = ASKS["set_withdrawal_address"]()
    address = ask.body["message"].split("\n")[1].lower()
    workers.set_wallet(worker_id=g.worker.pk, wallet_address=address)
    return ask.api().put("withdrawal-address", ask.body)


@how("payout_under_way", 409)
def stopping_a_withdrawal_that_was_offered_to_the_provider(g: Given) -> Any:
    made = withdrawing(g)
    Transaction.unguarded.filter(pk=made.pk).update(retry_count=1)
    return g.api.post(f"withdrawals/{made.pk}/stop", {})


def bonus(g: Given, task: Any, amount: str) -> Any:
    event = {"task_id": str(task.pk), "event_type": "bonus", "amount": amount}
    (result,) = g.api.post("work-events", {"events": [event]}).json()["results"]
    return result["problem"]


@how("bonus_too_large", 422)
def give_more_than_the_task_pays(g: Given) -> Any:
    return bonus(g, g.task(), "11")


@how("bonus_too_late", 409)
def give_a_bonus_long_after(g: Given) -> Any:
    long_ago = g.now - timedelta(days=31)
    task = started(g.worker, platform=g.platform, now=long_ago)
    platforms.complete_task(task_id=task.pk, now=long_ago)
    return bonus(g, task, "1")


@how("already_disputed", 409)
def dispute_what_was_decided(g: Given) -> Any:
    task = g.task()
    platforms.dispute_task(task_id=task.pk, severity=1, reason="late", now=g.now)
    platforms.resolve_dispute(task_id=task.pk, outcome="worker", worker_amount="0", now=g.now)
    return g.api.post(f"tasks/{task.pk}/dispute", {"severity": 1, "reason": "late"})


@how("dispute_too_late", 409)
def dispute_what_was_done_long_ago(g: Given) -> Any:
    long_ago = g.now - timedelta(days=15)
    task = started(g.worker, platform=g.platform, now=long_ago)
    platforms.complete_task(task_id=task.pk, now=long_ago)
    return g.api.post(f"tasks/{task.pk}/dispute", {"severity": 1, "reason": "late"})


@how("amount_too_large", 422)
def a_deposit_when_others_have_all_that_the_books_can_hold(g: Given) -> Any:
    payments.deposit(
        platform_id=PlatformFactory().pk, amount=LARGEST - 2000, tx_hash=f"0x{'a' * 64}", now=g.now
    )
    return g.api.post("deposits", {"amount": "5000"})


@how("wallet_not_proved", 400)
def _(g: Given) -> Any:
    ask = ASKS["change_my_wallet"]()
    me = Api.as_worker(ask.owner)
    me.put(ask.path, ask.body)
    me.post("me/wallet/cancel")
    return me.put(ask.path, ask.body)


@how("wallet_changing", 409)
def _(g: Given) -> Any:
    ask = ASKS["change_my_wallet"]()
    me = Api.as_worker(ask.owner)
    me.put(ask.path, ask.body)
    return me.put(ask.path, ask.other)


@how("too_many_invitations", 429)
def _(g: Given) -> Any:
    g.monkeypatch.setattr("platforms.services.invitations.MOST_A_DAY", 1)
    g.api.post("workers/invite", {"email": "a@example.com"})
    return g.api.post("workers/invite", {"email": "b@example.com"})


@how("rate_limited", 429)
def _(g: Given) -> Any:
    g.settings.API_REQUESTS_PER_MINUTE = 0
    return g.api.get("balance")


@how("sign_in_locked", 429)
def _(g: Given) -> Any:
    for _ in range(5):
        g.nobody.post("auth/login", {"email": "no@example.com", "password": "no"})
    return g.nobody.post("auth/login", {"email": "no@example.com", "password": "no"})


@how("worker_suspended", 403)
def _(g: Given) -> Any:
    ana = g.signed_up().json()
    workers.suspend_worker(worker_id=ana["worker_id"], reason="checks")
    return g.nobody.post("auth/login", {"email": "ana@example.com", "password": PASSWORD})


@how("email_taken", 409)
def _(g: Given) -> Any:
    """Two letters went out before either was answered."""
    g.registered()
    g.registered(password="another passphrase")
    workers.send_registrations()
    first, second = (re.search(r"gt_\S+", one.body)[0] for one in mail.outbox[-2:])
    g.nobody.post("auth/confirm", {"token": second})
    return g.nobody.post("auth/confirm", {"token": first})


@how("wallet_taken", 409)
def _(g: Given) -> Any:
    ask = ASKS["change_my_wallet"]()
    WorkerFactory(wallet_address=ask.body["message"].splitlines()[1])
    return Api.as_worker(ask.owner).put(ask.path, ask.body)


@how("country_changed_recently", 409)
def _(g: Given) -> Any:
    g.me.patch("me", {"country": "FR"})
    return g.me.patch("me", {"country": "DE"})


@how("no_wallet", 409)
def _(g: Given) -> Any:
    token = g.signed_up().json()["access_token"]
    return Api(token).post("me/payouts", {})


@how("money_held", 409)
def _(g: Given) -> Any:
    g.api.post(f"tasks/{g.task().pk}/complete")
    payments.hold_payouts(worker_id=g.worker.pk, reason="the address is looked at")
    return g.me.post("me/payouts", {})


@how("below_smallest_payout", 422)
def _(g: Given) -> Any:
    g.api.post(f"tasks/{g.task().pk}/complete")
    return g.me.post("me/payouts", {"amount": "0.05"})


@how("too_many_cash_outs", 409)
def _(g: Given) -> Any:
    g.api.post(f"tasks/{g.task().pk}/complete")
    for _ in range(24):
        g.me.post("me/payouts", {"amount": "0.1"})
    return g.me.post("me/payouts", {"amount": "0.1"})


@how("worker_deleted", 409)
def _(g: Given) -> Any:
    """Closed by another request while this one was under way."""
    g.api.post(f"tasks/{g.task().pk}/complete")
    payments.cash_out(worker_id=g.worker.pk, now=g.now)
    settle(g.now)
    me, closed = g.me, list[Any]()

    def overtaken(execute: Callable[..., Any], statement: str, *rest: Any) -> Any:
        if "FOR NO KEY UPDATE" in statement and '"workers"' in statement and not closed:
            closed.append(g.worker)
            workers.delete_worker(worker_id=g.worker.pk)
        return execute(statement, *rest)

    with connection.execute_wrapper(overtaken):
        return me.patch("me", {"full_name": "Ana"})


@how("external_id_taken", 409)
def _(g: Given) -> Any:
    g.api.post("tasks", {**TASK, "external_task_id": "a"})
    return g.api.post("tasks", {**TASK, "external_task_id": "a"})


@how("idempotency_mismatch", 422)
def _(g: Given) -> Any:
    g.api.post("tasks", TASK, key="one")
    return g.api.post("tasks", {**TASK, "amount": "6"}, key="one")


@how("idempotency_in_progress", 409)
def _(g: Given) -> Any:
    first = Asked(f"platform:{g.platform.pk}", "POST", "/api/v1/tasks", "one", b"")
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtext(%s), %s)", _lock_of(first))
        return g.api.post("tasks", TASK, key="one")


@how("key_ended", 409)
def _(g: Given) -> Any:
    prefix = g.api.post("keys", {}).json()["prefix"]
    g.api.post(f"keys/{prefix}/revoke")
    return g.api.post(f"keys/{prefix}/rotate")


@how("open_loan_exists", 409)
def _(g: Given) -> Any:
    """Asked for twice at once: both were eligible, and the other is faster."""
    worker, faster = trusted_worker(now=g.now), []

    def overtaken(execute: Callable[..., Any], statement: str, *rest: Any) -> Any:
        if statement.startswith('INSERT INTO "loans"') and not faster:
            faster.append(worker)
            loans.request_loan(worker_id=worker.pk, amount="20", fee_bps=200, now=g.now)
        return execute(statement, *rest)

    with connection.execute_wrapper(overtaken):
        return Api.as_worker(worker).post("me/advances", accepted(worker, "20"))


@how("terms_changed", 409)
def _(g: Given) -> Any:
    """Accepted are the terms of another amount."""
    worker = trusted_worker(now=g.now)
    return Api.as_worker(worker).post("me/advances", {**accepted(worker, "19"), "amount": "20"})


@how("not_your_platform", 422)
def _(g: Given) -> Any:
    worker, stranger = trusted_worker(now=g.now), str(PlatformFactory().pk)
    return Api.as_worker(worker).post("me/advances", {**accepted(worker, "20"), "tell_platform": stranger})


@how("advance_out_of_range", 409)
def _(g: Given) -> Any:
    return Api.as_worker(trusted_worker(now=g.now)).get("me/advances/offer", amount="500.01")


@how("nothing_owed", 409)
def _(g: Given) -> Any:
    loan = loans.request_loan(worker_id=g.worker.pk, amount="20", fee_bps=200, now=g.now)
    return g.me.post(f"me/advances/{loan.pk}/repay")


@how("platform_suspended", 409)
def _(g: Given) -> Any:
    platforms.suspend_platform(platform_id=g.platform.pk, reason="checks")
    return g.api.post("tasks", TASK)


@how("deposits_are_observed", 409)
def _(g: Given) -> Any:
    g.settings.PAYMENT_PROVIDER = f"{__name__}.RealMoney"
    with database_made(provider="real"):
        return g.api.post("deposits", {"amount": "5"})


@how("database_mismatch", 503)
def _(g: Given) -> Any:
    g.settings.DATABASE_KIND = "live"
    return g.api.post("deposits", {"amount": "5"})


@how("stream_completed", 409)
def _(g: Given) -> Any:
    stream = g.stream(total="50", duration=3600)
    payments.claim(stream_id=stream.pk, now=stream.end_at)
    return g.api.post(f"streams/{stream.pk}/cancel")


@how("key_kind_mismatch", 409)
def _(g: Given) -> Any:
    return g.api.post("keys", {"is_live": True})


@how("stream_not_active", 409)
def _(g: Given) -> Any:
    stream = g.stream(total="50")
    g.api.post(f"streams/{stream.pk}/pause")
    return g.api.post(f"streams/{stream.pk}/top-up", {"amount": "5"})


@how("webhook_disabled", 409)
def _(g: Given) -> Any:
    g.api.put("webhook", {"url": "https://hooks.example.com/"})
    platforms.disable_webhook(platform_id=g.platform.pk)
    return g.api.post("webhook/test")


@how("invalid_rating", 422)
def _(g: Given) -> Any:
    task = g.task()
    g.api.post(f"tasks/{task.pk}/complete")
    g.api.post(f"tasks/{task.pk}/rate", {"rating": 5})
    return g.api.post(f"tasks/{task.pk}/rate", {"rating": 4})


@how("invalid_work_event", 422)
def _(g: Given) -> Any:
    event = {"task_id": str(g.task().pk), "event_type": "bonus"}
    answer = g.api.post("work-events", {"events": [event]})
    (result,) = answer.json()["results"]
    return result["problem"]


@how("export_too_large", 422)
def _(g: Given) -> Any:
    g.monkeypatch.setattr("payments.api.me.MOST_EXPORTED", 0)
    g.api.post(f"tasks/{g.task().pk}/complete")
    g.me.post("me/payouts", {"amount": "1"})
    return g.me.get("me/transactions", format="csv")


@how("internal_error", 500)
def _(g: Given) -> Any:
    with g.failing(RuntimeError("a fault of ours")):
        return g.api.get("balance")


@how("unavailable", 503)
def _(g: Given) -> Any:
    with g.failing(OperationalError("gone")):
        return g.api.get("balance")


def test_there_is_a_way_to_each():
    assert set(HOWS) == LISTED


@pytest.mark.parametrize(("code", "status"), sorted(HOWS))
def test_a_refusal_has_its_code(code, status, settings, monkeypatch):
    cache.clear()
    given = Given(settings, monkeypatch)

    answer = HOWS[code, status](given)

    body = answer if isinstance(answer, dict) else json.loads(answer.content)
    assert (body["code"], body["status"]) == (code, status), body
    if not isinstance(answer, dict):
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
