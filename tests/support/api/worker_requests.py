"""For each operation of workers, and before signing in, a request that may be made now."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core import mail
from eth_account import Account
from eth_account.messages import encode_defunct

from gigstream.core.clock import database_now
from loans.applications import services as loans
from loans.disbursement import services as disbursement_services
from payments import services as payments
from payments.models import Transaction
from platforms import services as platforms
from tests.support.api.asks import (
    ASKS,
    HOUR,
    PASSWORD,
    Ask,
    Body,
    numbers,
    proved_by,
    request_for,
    rich_platform,
)
from tests.support.factories import (
    WorkerFactory,
    accepted,
    approve_by_staff,
    running_stream,
    settle,
    started,
    trusted_worker,
)
from tests.support.quests import agreed, claim, open_quest
from workers import services as workers
from workers.models import Worker
from workers.wallets.messages import compose_message, payout_statement, verify_message


def _earner() -> Worker:
    """Return a worker with 10 USDC earned, an advance requested, a payout under way, and a stream."""
    worker, now = WorkerFactory.create(now=database_now()), database_now()
    platforms.complete_task(task_id=started(worker, now=now).pk, now=now)
    payments.cash_out(worker_id=worker.pk, amount="4", now=now)
    loans.request_loan(worker_id=worker.pk, amount="20", fee_bps=200, now=now)
    running_stream(worker, now=now - HOUR / 2)
    return worker


def _mine(path: str) -> Callable[[], Ask]:
    return lambda: Ask(_earner(), path)


for _name, _path in {
    "get_me": "me",
    "get_my_overview": "me/overview",
    "get_leaderboard": "leaderboards/week",
    "get_my_balance": "me/balance",
    "get_my_earnings": "me/earnings",
    "get_my_eligibility": "me/advances/eligibility",
    "get_my_forecast": "me/forecast",
    "get_my_check_ins": "me/check-ins",
    "get_my_points": "me/points",
    "get_my_reputation": "me/reputation",
    "list_my_reputation_history": "me/reputation/history",
    "get_my_risk": "me/risk",
    "get_my_schedule": "me/schedule",
    "list_my_advances": "me/advances",
    "list_my_payouts": "me/payouts",
    "list_my_streams": "me/streams",
    "list_my_tasks": "me/tasks",
    "list_my_transactions": "me/transactions",
    "get_my_statement": "me/statements/2026-03",
}.items():
    ASKS[_name] = _mine(_path)


@request_for("claim_my_check_in")
def _() -> Ask:
    return Ask(_earner(), "me/check-ins/claim", {})


@request_for("pause_my_streak")
def _() -> Ask:
    starts_on, shorter, longer = (f"{database_now().date() + timedelta(days=days)}" for days in (10, 12, 13))
    pause = {"starts_on": starts_on, "ends_on": shorter}
    return Ask(_earner(), "me/check-ins/pauses", pause, {"starts_on": starts_on, "ends_on": longer})


@request_for("get_my_task")
def _() -> Ask:
    worker = _earner()
    return Ask(worker, f"me/tasks/{worker.tasks.earliest('pk').pk}")


def _of_my_stream(act: str, body: Body | None) -> Ask:
    worker = _earner()
    return Ask(worker, f"me/streams/{worker.streams.get().pk}{act}", body)


ASKS["get_my_stream"] = lambda: _of_my_stream("", None)
ASKS["claim_from_my_stream"] = lambda: _of_my_stream("/claim", {})


@request_for("get_my_payout")
def _() -> Ask:
    worker = _earner()
    return Ask(worker, f"me/payouts/{Transaction.objects.get(worker=worker, type='payout').pk}")


@request_for("cash_out")
def _() -> Ask:
    return Ask(_earner(), "me/payouts", {"amount": "2"}, {"amount": "3"})


@request_for("choose_my_schedule")
def _() -> Ask:
    return Ask(_earner(), "me/schedule", {"payout_schedule": "daily"}, {"payout_schedule": "weekly"})


@request_for("request_my_advance")
def _() -> Ask:
    worker = trusted_worker(now=database_now())
    return Ask(worker, "me/advances", accepted(worker, "20"), accepted(worker, "21"))


def _of_my_advance(act: str, body: Body | None, other: Body | None = None) -> Ask:
    worker = _earner()
    return Ask(worker, f"me/advances/{worker.loans.get().pk}{act}", body, other)


ASKS["get_my_advance"] = lambda: _of_my_advance("", None)
ASKS["get_my_advance_progress"] = lambda: _of_my_advance("/progress", None)
ASKS["cancel_my_advance"] = lambda: _of_my_advance("/cancel", {}, {"reason": "found it"})


@request_for("get_my_offer")
def _() -> Ask:
    return Ask(trusted_worker(now=database_now()), "me/advances/offer")


@request_for("repay_my_advance")
def _() -> Ask:
    worker = _earner()
    loan = worker.loans.get()
    approve_by_staff(loan_id=loan.pk)
    disbursement_services.disburse_loan(loan_id=loan.pk)
    settle(database_now())
    return Ask(worker, f"me/advances/{loan.pk}/repay", {"amount": "1"}, {"amount": "2"})


# --- Nobody yet ---------------------------------------------------------------------------------------------


@request_for("register")
def _() -> Ask:
    email = f"new{next(numbers)}@example.com"
    return Ask(None, "auth/register", {"email": email, "password": PASSWORD, "full_name": "Ana Lima"})


def _with_password() -> tuple[Worker, workers.SignedIn]:
    email = f"ana{next(numbers)}@example.com"
    worker = WorkerFactory.create(email=email, password=PASSWORD, full_name="Ana Lima", now=database_now())
    return worker, workers.sign_in(email=email, password=PASSWORD)


@request_for("confirm_registration")
def _() -> Ask:
    email = f"new{next(numbers)}@example.com"
    workers.request_registration(email=email, password=PASSWORD, full_name="Ana Lima")
    workers.send_registrations()
    token = next(word for word in mail.outbox[-1].body.split() if word.startswith("gt_"))
    return Ask(None, "auth/confirm", {"token": token}, wrong=({"token": "gt_" + "x" * 43},))


@request_for("list_test_letters")
def _() -> Ask:
    return Ask(None, "test/letters")


@request_for("sign_in")
def _() -> Ask:
    worker, tokens = _with_password()
    texts = ("not the passphrase", tokens.access_token[:256], tokens.refresh_token)
    wrong = tuple({"email": worker.email, "password": text} for text in texts)
    return Ask(None, "auth/login", {"email": worker.email, "password": PASSWORD}, wrong=wrong)


def _with_refresh_token(path: str) -> Ask:
    _, tokens = _with_password()
    _, key = platforms.create_api_key(platform_id=rich_platform().pk)
    wrong = tuple({"refresh_token": text[:200]} for text in (tokens.access_token, key, "gr_" + "x" * 43))
    return Ask(None, path, {"refresh_token": tokens.refresh_token}, wrong=wrong)


ASKS["refresh_session"] = lambda: _with_refresh_token("auth/refresh")
ASKS["sign_out"] = lambda: _with_refresh_token("auth/logout")


@request_for("request_password_reset")
def _() -> Ask:
    worker, _ = _with_password()
    return Ask(None, "auth/password-reset", {"email": worker.email})


@request_for("reset_password")
def _() -> Ask:
    worker, tokens = _with_password()
    workers.request_password_reset(email=worker.email)
    workers.send_password_resets()
    token = next(word for word in mail.outbox[-1].body.split() if word.startswith("gp_"))
    new = {"password": "another passphrase"}
    wrong = tuple({"token": text[:200], **new} for text in (tokens.access_token, tokens.refresh_token))
    return Ask(None, "auth/password-reset/confirm", {"token": token, **new}, wrong=wrong)


@request_for("start_wallet_sign_in")
def _() -> Ask:
    return Ask(
        None, "auth/wallet/nonce", {"wallet_address": WorkerFactory.create(now=database_now()).wallet_address}
    )


@request_for("sign_in_with_wallet")
def _() -> Ask:
    wallet, thief = Account.create(), Account.create()
    now = database_now()
    WorkerFactory.create(wallet_address=wallet.address, now=now)
    nonce = workers.make_nonce(now=now)
    text = compose_message(wallet.address.lower(), nonce=nonce.nonce, now=now, expires_at=nonce.expires_at)

    def signed_by(account: Any) -> Body:
        signature = account.sign_message(encode_defunct(text=text)).signature.hex()
        return {"message": text, "signature": f"0x{signature.removeprefix('0x')}"}

    return Ask(None, "auth/wallet/verify", signed_by(wallet), wrong=(signed_by(thief),))


# --- Who a worker is, and where they are paid ---------------------------------------------------------------


def _proved(worker: Worker) -> Body:
    """Return a wallet's signature that it is this worker's."""
    return proved_by(payout_statement(worker.pk))


@request_for("change_me")
def _() -> Ask:
    worker = WorkerFactory.create(now=database_now())
    return Ask(worker, "me", {"full_name": "Ana Maria"}, {"full_name": "Ana Sofia"})


@request_for("get_my_wallet")
def _() -> Ask:
    return Ask(WorkerFactory.create(now=database_now()), "me/wallet")


@request_for("start_wallet_change")
def _() -> Ask:
    first, second = ({"wallet_address": Account.create().address} for _ in range(2))
    return Ask(WorkerFactory.create(now=database_now()), "me/wallet/nonce", first, second)


@request_for("change_my_wallet")
def _() -> Ask:
    worker = WorkerFactory.create(now=database_now())
    return Ask(worker, "me/wallet", _proved(worker), _proved(worker))


@request_for("cancel_wallet_change")
def _() -> Ask:
    worker = WorkerFactory.create(now=database_now())
    body = _proved(worker)
    now = database_now()
    signed = verify_message(
        body["message"], body["signature"], now=now, statement=payout_statement(worker.pk)
    )
    workers.change_wallet(worker_id=worker.pk, signed=signed, now=now)
    return Ask(worker, "me/wallet/cancel", {})


# --- Quests -------------------------------------------------------------------------------------------------


def _offered(path: str) -> Ask:
    worker, now = WorkerFactory.create(now=database_now()), database_now()
    quest = open_quest(now=now)
    agreed(quest, worker, now=now)
    return Ask(worker, path.format(quest.pk), {})


ASKS["reserve_in_quest"] = lambda: _offered("me/quests/{}/reserve")


@request_for("claim_quest")
def _() -> Ask:
    ask = _offered("me/quests/{}/claim")
    return Ask(ask.owner, ask.path, {}, {"evidence": {"link": "https://example.com/hello"}})


@request_for("list_my_quests")
def _() -> Ask:
    return Ask(_offered("me/quests/{}").owner, "me/quests")


@request_for("list_my_rewards")
def _() -> Ask:
    worker, now = WorkerFactory.create(now=database_now()), database_now()
    claim(open_quest(now=now), worker, now=now)
    return Ask(worker, "me/rewards")
