"""Codes that a request meets after others."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
from django.core import mail
from django.db import OperationalError, connection

from gigstream.api.idempotency import IdempotentRequest, _lock_key
from gigstream.core.money import LARGEST
from loans.applications import services as loans
from payments import services as payments
from payments.models import Transaction
from platforms import services as platforms
from tests.guide.codes.given import PASSWORD, TASK, Given, how
from tests.support.api.client import Api
from tests.support.api.requests import ASKS
from tests.support.database.identity import database_made
from tests.support.decisions import resolve_dispute, suspend_worker
from tests.support.factories import (
    PlatformFactory,
    WorkerFactory,
    accepted,
    settle,
    started,
    trusted_worker,
)
from workers import services as workers
from workers.sign_in.tokens import SignedMessage


class RealMoney:
    name = "real"
    simulated = False


def withdrawing(g: Given) -> Any:
    """Return the platform's withdrawal that waits."""
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
    resolve_dispute(task_id=task.pk, outcome="worker", worker_amount="0", now=g.now)
    return g.api.post(f"tasks/{task.pk}/dispute", {"severity": 1, "reason": "late"})


@how("dispute_too_late", 409)
def dispute_what_was_done_long_ago(g: Given) -> Any:
    long_ago = g.now - timedelta(days=15)
    task = started(g.worker, platform=g.platform, now=long_ago)
    platforms.complete_task(task_id=task.pk, now=long_ago)
    return g.api.post(f"tasks/{task.pk}/dispute", {"severity": 1, "reason": "late"})


@how("amount_too_large", 422)
def a_deposit_when_others_have_all_that_the_books_can_hold(g: Given) -> Any:
    payments.book_deposit(
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
    g.monkeypatch.setattr("platforms.invitations.services.invitations.MOST_A_DAY", 1)
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
    suspend_worker(worker_id=ana["worker_id"], reason="checks")
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
    """Close by another request while this request was under way."""
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
    first = IdempotentRequest(f"platform:{g.platform.pk}", "POST", "/api/v1/tasks", "one", b"")
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtext(%s), %s)", _lock_key(first))
        return g.api.post("tasks", TASK, key="one")


@how("key_ended", 409)
def _(g: Given) -> Any:
    prefix = g.api.post("keys", {}).json()["prefix"]
    g.api.post(f"keys/{prefix}/revoke")
    return g.api.post(f"keys/{prefix}/rotate")


@how("open_loan_exists", 409)
def _(g: Given) -> Any:
    """Request twice at once: both were eligible, and the other is faster."""
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
    payments.claim_stream(stream_id=stream.pk, now=stream.end_at)
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
    g.monkeypatch.setattr("payments.settlement.transactions.api.me.MOST_EXPORTED", 0)
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
