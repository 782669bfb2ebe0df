"""For each operation of the API a request that its owner may make now, on rows that are made for it."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core import mail
from eth_account import Account
from eth_account.messages import encode_defunct

from gigstream.lib.clock import database_now
from loans import services as loans
from payments import services as payments
from payments.models import Transaction
from platforms import services as platforms
from platforms.enums import ApiScope
from platforms.models import Event, Platform
from platforms.services import MilestonePlan
from tests.api_client import Api
from tests.factories import (
    PlatformFactory,
    TaskFactory,
    WorkerFactory,
    accepted,
    approve_by_staff,
    assigned,
    consent,
    running_stream,
    settle,
    started,
    trusted_worker,
)
from workers import services as workers
from workers.models import Worker
from workers.wallet_messages import message_for, payout_statement, verified, withdrawal_statement

HOUR = timedelta(hours=1)
PASSWORD = "a long passphrase"
_numbers = itertools.count(1)
Body = dict[str, Any]


@dataclass(frozen=True)
class Ask:
    """A request: whose it is, the address below /api/v1/, and the body.

    `other` is another body that would do as well, None where the form has only one. `wrong` are bodies for an
    operation without a caller: each with a credential that is not the one it should be.
    """

    owner: Platform | Worker | None
    path: str
    body: Body | None = None
    other: Body | None = None
    wrong: tuple[Body, ...] = ()

    def api(self) -> Api:
        """As the owner, who has called before: what a call notes about its caller is noted."""
        if self.owner is None:
            return Api()
        if isinstance(self.owner, Worker):
            return Api.as_worker(self.owner)
        api = Api.of(self.owner, scopes=ApiScope.values)
        api.get("balance")
        return api


ASKS: dict[str, Callable[[], Ask]] = {}


def _for(name: str) -> Callable[[Callable[[], Ask]], Callable[[], Ask]]:
    def keep(make: Callable[[], Ask]) -> Callable[[], Ask]:
        ASKS[name] = make
        return make

    return keep


# --- Platforms ----------------------------------------------------------------------------------------------


def _platform() -> Platform:
    return PlatformFactory(funds="1000", now=database_now())


def _busy_platform() -> Platform:
    """With a task, a stream, a worker, transactions and events of its own."""
    platform, now = _platform(), database_now()
    task = started(platform=platform, now=now)
    platforms.complete_task(task_id=task.pk, now=now)
    running_stream(platform=platform, now=now)
    return platform


def _whole(path: str) -> Callable[[], Ask]:
    return lambda: Ask(_busy_platform(), path)


for _name, _path in {
    "get_analytics": "analytics",
    "list_daily_analytics": "analytics/daily",
    "get_balance": "balance",
    "list_keys": "keys",
    "list_streams": "streams",
    "list_tasks": "tasks",
    "list_transactions": "transactions",
    "list_workers": "workers",
}.items():
    ASKS[_name] = _whole(_path)


@_for("create_deposit")
def _() -> Ask:
    return Ask(_platform(), "deposits", {"amount": "5"}, {"amount": "6"})


def _address(platform: Platform) -> Body:
    """What a wallet signs to be the platform's address for withdrawals."""
    return _proved_by(withdrawal_statement(platform.pk))


def _withdrawing() -> Platform:
    """A platform with an address for withdrawals."""
    platform, now = _platform(), database_now()
    body = _address(platform)
    signed = verified(
        body["message"], body["signature"], now=now, statement=withdrawal_statement(platform.pk)
    )
    platforms.set_withdrawal_address(platform_id=platform.pk, signed=signed, now=now)
    return platform


@_for("create_withdrawal")
def _() -> Ask:
    return Ask(_withdrawing(), "withdrawals", {"amount": "5"}, {"amount": "6"})


def _of_a_withdrawal(act: str = "", body: Body | None = None) -> Ask:
    platform = _withdrawing()
    made = payments.request_withdrawal(platform_id=platform.pk, amount="5", now=database_now())
    return Ask(platform, f"withdrawals/{made.pk}{act}", body, None if body is None else {"reason": "mine"})


ASKS["list_withdrawals"] = _whole("withdrawals")
ASKS["get_withdrawal"] = _of_a_withdrawal
ASKS["stop_withdrawal"] = lambda: _of_a_withdrawal("/stop", {})
ASKS["get_withdrawal_address"] = _whole("withdrawal-address")


@_for("set_withdrawal_address")
def _() -> Ask:
    platform = _platform()
    return Ask(platform, "withdrawal-address", _address(platform), _address(platform))


@_for("start_withdrawal_address")
def _() -> Ask:
    first, second = ({"wallet_address": Account.create().address} for _ in range(2))
    return Ask(_platform(), "withdrawal-address/nonce", first, second)


@_for("create_key")
def _() -> Ask:
    return Ask(_platform(), "keys", {}, {"name": "another"})


def _of_a_key(act: str) -> Ask:
    platform = _platform()
    key, _ = platforms.create_api_key(platform_id=platform.pk)
    return Ask(platform, f"keys/{key.prefix}/{act}", {})


ASKS["revoke_key"] = lambda: _of_a_key("revoke")
ASKS["rotate_key"] = lambda: _of_a_key("rotate")

_TASK = {"title": "Deliver", "task_type": "fixed", "amount": "12.50"}


@_for("create_task")
def _() -> Ask:
    return Ask(_platform(), "tasks", _TASK, {**_TASK, "amount": "13"})


@_for("create_tasks")
def _() -> Ask:
    return Ask(_platform(), "tasks/bulk", {"tasks": [_TASK]}, {"tasks": [_TASK, _TASK]})


@_for("get_task")
def _() -> Ask:
    platform = _platform()
    return Ask(platform, f"tasks/{TaskFactory(platform=platform).pk}")


@_for("assign_task")
def _() -> Ask:
    platform = _platform()
    task, now = TaskFactory(platform=platform), database_now()
    workers = [WorkerFactory(now=now) for _ in range(2)]
    for worker in workers:
        consent(platform, worker, now=now)
    given, other = ({"worker_id": str(worker.pk)} for worker in workers)
    return Ask(platform, f"tasks/{task.pk}/assign", given, other)


@_for("unassign_task")
def _() -> Ask:
    platform = _platform()
    task = assigned(platform=platform, now=database_now())
    return Ask(platform, f"tasks/{task.pk}/unassign", {}, {"reason": "rain"})


@_for("decline_my_task")
def _() -> Ask:
    task = assigned(WorkerFactory(now=database_now()), now=database_now())
    return Ask(task.worker, f"me/tasks/{task.pk}/decline", {}, {"reason": "rain"})


@_for("start_task")
def _() -> Ask:
    platform, now = _platform(), database_now()
    schedule = {"task_type": "time_based", "duration_seconds": 3600, "release_interval": 60}
    return Ask(platform, f"tasks/{assigned(platform=platform, now=now, **schedule).pk}/start", {})


def _of_a_started_task(act: str, body: Body, other: Body | None = None) -> Ask:
    platform = _platform()
    task = started(platform=platform, now=database_now())
    return Ask(platform, f"tasks/{task.pk}/{act}", body, other)


ASKS["complete_task"] = lambda: _of_a_started_task("complete", {}, {"completion_proof": {"photo": "7"}})
ASKS["cancel_task"] = lambda: _of_a_started_task("cancel", {}, {"reason": "rain"})
ASKS["dispute_task"] = lambda: _of_a_started_task(
    "dispute", {"severity": 1, "reason": "late"}, {"severity": 2, "reason": "late"}
)


@_for("rate_worker")
def _() -> Ask:
    platform, now = _platform(), database_now()
    task = started(platform=platform, now=now)
    platforms.complete_task(task_id=task.pk, now=now)
    return Ask(platform, f"tasks/{task.pk}/rate", {"rating": 5}, {"rating": 4})


@_for("approve_milestone")
def _() -> Ask:
    platform = _platform()
    steps = [MilestonePlan("half", "5"), MilestonePlan("whole", "5")]
    task = started(platform=platform, task_type="milestone", milestones=steps, now=database_now())
    return Ask(platform, f"tasks/{task.pk}/milestones/1/approve", {})


@_for("report_work_events")
def _() -> Ask:
    platform = _platform()
    task = started(platform=platform, now=database_now())
    event = {"task_id": str(task.pk), "event_type": "bonus", "external_id": "one", "amount": "3"}
    return Ask(platform, "work-events", {"events": [event]}, {"events": [{**event, "amount": "4"}]})


def _of_a_stream(act: str, body: Body | None, other: Body | None = None) -> Ask:
    platform = _platform()
    stream = running_stream(platform=platform, now=database_now() - HOUR / 2)
    return Ask(platform, f"streams/{stream.pk}{act}", body, other)


ASKS["get_stream"] = lambda: _of_a_stream("", None)
ASKS["pause_stream"] = lambda: _of_a_stream("/pause", {})
ASKS["cancel_stream"] = lambda: _of_a_stream("/cancel", {}, {"reason": "rain"})
ASKS["top_up_stream"] = lambda: _of_a_stream("/top-up", {"amount": "10"}, {"amount": "11"})


@_for("resume_stream")
def _() -> Ask:
    platform, now = _platform(), database_now()
    stream = running_stream(platform=platform, now=now - HOUR / 2)
    payments.pause_stream(stream_id=stream.pk, now=now)
    return Ask(platform, f"streams/{stream.pk}/resume", {})


def _of_a_transaction(address: str) -> Ask:
    platform = _busy_platform()
    return Ask(platform, address.format(Transaction.objects.get(platform=platform, type="fee").pk))


ASKS["get_transaction"] = lambda: _of_a_transaction("transactions/{}")


@_for("list_transaction_tasks")
def _() -> Ask:
    platform = _busy_platform()
    payments.create_due_payouts()
    return Ask(
        platform, f"transactions/{Transaction.objects.get(platform_parts__platform=platform).pk}/tasks"
    )


ASKS["explain_payment"] = lambda: _of_a_transaction("payments/{}/explain")


@_for("get_worker")
def _() -> Ask:
    platform = _platform()
    return Ask(platform, f"workers/{assigned(platform=platform, now=database_now()).worker_id}")


_URL = "https://hooks.example.com/gigstream"


def _webhook(act: str, body: Body | None, other: Body | None = None) -> Ask:
    platform = _busy_platform()
    platforms.set_webhook(platform_id=platform.pk, url=f"{_URL}/of-{platform.pk}")
    return Ask(platform, f"webhook{act}", body, other)


ASKS["get_webhook"] = lambda: _webhook("", None)
ASKS["set_webhook"] = lambda: _webhook("", {"url": f"{_URL}/new"}, {"url": f"{_URL}/newer"})
ASKS["rotate_webhook_secret"] = lambda: _webhook("/rotate-secret", {})
ASKS["send_test_event"] = lambda: _webhook("/test", {})


def _events(path: str, body: Body | None = None, other: Body | None = None) -> Ask:
    platform = _webhook("", None).owner
    event = Event.objects.filter(platform=platform).latest("sequence")
    return Ask(platform, path.format(event.pk), body, other)


ASKS["list_events"] = lambda: _events("events")
ASKS["get_event"] = lambda: _events("events/{}")
ASKS["replay_event"] = lambda: _events("events/{}/replay", {})
ASKS["replay_events"] = lambda: _events(
    "events/replay",
    {"from_sequence": 1, "to_sequence": 1},
    {"from_sequence": 1, "to_sequence": 2},
)

# --- Workers ------------------------------------------------------------------------------------------------


def _earner() -> Worker:
    """With 10 USDC earned, an advance asked for, a payout under way, and a stream."""
    worker, now = WorkerFactory(now=database_now()), database_now()
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
    "get_my_balance": "me/balance",
    "get_my_earnings": "me/earnings",
    "get_my_eligibility": "me/advances/eligibility",
    "get_my_forecast": "me/forecast",
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


@_for("get_my_task")
def _() -> Ask:
    worker = _earner()
    return Ask(worker, f"me/tasks/{worker.tasks.first().pk}")


def _of_my_stream(act: str, body: Body | None) -> Ask:
    worker = _earner()
    return Ask(worker, f"me/streams/{worker.streams.get().pk}{act}", body)


ASKS["get_my_stream"] = lambda: _of_my_stream("", None)
ASKS["claim_from_my_stream"] = lambda: _of_my_stream("/claim", {})


@_for("get_my_payout")
def _() -> Ask:
    worker = _earner()
    return Ask(worker, f"me/payouts/{Transaction.objects.get(worker=worker, type='payout').pk}")


@_for("cash_out")
def _() -> Ask:
    return Ask(_earner(), "me/payouts", {"amount": "2"}, {"amount": "3"})


@_for("choose_my_schedule")
def _() -> Ask:
    return Ask(_earner(), "me/schedule", {"payout_schedule": "daily"}, {"payout_schedule": "weekly"})


@_for("request_my_advance")
def _() -> Ask:
    worker = trusted_worker(now=database_now())
    return Ask(worker, "me/advances", accepted(worker, "20"), accepted(worker, "21"))


def _of_my_advance(act: str, body: Body | None, other: Body | None = None) -> Ask:
    worker = _earner()
    return Ask(worker, f"me/advances/{worker.loans.get().pk}{act}", body, other)


ASKS["get_my_advance"] = lambda: _of_my_advance("", None)
ASKS["get_my_advance_progress"] = lambda: _of_my_advance("/progress", None)
ASKS["cancel_my_advance"] = lambda: _of_my_advance("/cancel", {}, {"reason": "found it"})


@_for("get_my_offer")
def _() -> Ask:
    return Ask(trusted_worker(now=database_now()), "me/advances/offer")


@_for("repay_my_advance")
def _() -> Ask:
    worker = _earner()
    loan = worker.loans.get()
    approve_by_staff(loan_id=loan.pk)
    loans.disburse_loan(loan_id=loan.pk)
    settle(database_now())
    return Ask(worker, f"me/advances/{loan.pk}/repay", {"amount": "1"}, {"amount": "2"})


# --- Nobody yet ---------------------------------------------------------------------------------------------


@_for("register")
def _() -> Ask:
    email = f"new{next(_numbers)}@example.com"
    return Ask(None, "auth/register", {"email": email, "password": PASSWORD, "full_name": "Ana Lima"})


def _with_password() -> tuple[Worker, workers.SignedIn]:
    email = f"ana{next(_numbers)}@example.com"
    worker = WorkerFactory(email=email, password=PASSWORD, full_name="Ana Lima", now=database_now())
    return worker, workers.sign_in(email=email, password=PASSWORD)


@_for("confirm_registration")
def _() -> Ask:
    email = f"new{next(_numbers)}@example.com"
    workers.request_registration(email=email, password=PASSWORD, full_name="Ana Lima")
    workers.send_registrations()
    token = next(word for word in mail.outbox[-1].body.split() if word.startswith("gt_"))
    return Ask(None, "auth/confirm", {"token": token}, wrong=({"token": "gt_" + "x" * 43},))


@_for("list_test_letters")
def _() -> Ask:
    return Ask(None, "test/letters")


@_for("sign_in")
def _() -> Ask:
    worker, tokens = _with_password()
    texts = ("not the passphrase", tokens.access_token[:256], tokens.refresh_token)
    wrong = tuple({"email": worker.email, "password": text} for text in texts)
    return Ask(None, "auth/login", {"email": worker.email, "password": PASSWORD}, wrong=wrong)


def _with_refresh_token(path: str) -> Ask:
    _, tokens = _with_password()
    _, key = platforms.create_api_key(platform_id=_platform().pk)
    wrong = tuple({"refresh_token": text[:200]} for text in (tokens.access_token, key, "gr_" + "x" * 43))
    return Ask(None, path, {"refresh_token": tokens.refresh_token}, wrong=wrong)


ASKS["refresh_session"] = lambda: _with_refresh_token("auth/refresh")
ASKS["sign_out"] = lambda: _with_refresh_token("auth/logout")


@_for("request_password_reset")
def _() -> Ask:
    worker, _ = _with_password()
    return Ask(None, "auth/password-reset", {"email": worker.email})


@_for("reset_password")
def _() -> Ask:
    worker, tokens = _with_password()
    workers.request_password_reset(email=worker.email)
    workers.send_password_resets()
    token = next(word for word in mail.outbox[-1].body.split() if word.startswith("gp_"))
    new = {"password": "another passphrase"}
    wrong = tuple({"token": text[:200], **new} for text in (tokens.access_token, tokens.refresh_token))
    return Ask(None, "auth/password-reset/confirm", {"token": token, **new}, wrong=wrong)


@_for("start_wallet_sign_in")
def _() -> Ask:
    return Ask(
        None, "auth/wallet/nonce", {"wallet_address": WorkerFactory(now=database_now()).wallet_address}
    )


@_for("sign_in_with_wallet")
def _() -> Ask:
    wallet, thief = Account.create(), Account.create()
    now = database_now()
    WorkerFactory(wallet_address=wallet.address, now=now)
    nonce = workers.make_nonce(now=now)
    text = message_for(wallet.address.lower(), nonce=nonce.nonce, now=now, expires_at=nonce.expires_at)

    def signed_by(account: Any) -> Body:
        signature = account.sign_message(encode_defunct(text=text)).signature.hex()
        return {"message": text, "signature": f"0x{signature.removeprefix('0x')}"}

    return Ask(None, "auth/wallet/verify", signed_by(wallet), wrong=(signed_by(thief),))


# --- Who a worker is, and where they are paid ---------------------------------------------------------------


def _proved(worker: Worker) -> Body:
    """A wallet's signature that it is this worker's."""
    return _proved_by(payout_statement(worker.pk))


def _proved_by(statement: str) -> Body:
    """A wallet's signature under this statement."""
    wallet, nonce = Account.create(), workers.make_nonce()
    text = message_for(
        wallet.address.lower(),
        nonce=nonce.nonce,
        now=nonce.created_at,
        expires_at=nonce.expires_at,
        statement=statement,
    )
    signature = wallet.sign_message(encode_defunct(text=text)).signature.hex()
    return {"message": text, "signature": f"0x{signature.removeprefix('0x')}"}


@_for("change_me")
def _() -> Ask:
    worker = WorkerFactory(now=database_now())
    return Ask(worker, "me", {"full_name": "Ana Maria"}, {"full_name": "Ana Sofia"})


@_for("get_my_wallet")
def _() -> Ask:
    return Ask(WorkerFactory(now=database_now()), "me/wallet")


@_for("start_wallet_change")
def _() -> Ask:
    first, second = ({"wallet_address": Account.create().address} for _ in range(2))
    return Ask(WorkerFactory(now=database_now()), "me/wallet/nonce", first, second)


@_for("change_my_wallet")
def _() -> Ask:
    worker = WorkerFactory(now=database_now())
    return Ask(worker, "me/wallet", _proved(worker), _proved(worker))


@_for("cancel_wallet_change")
def _() -> Ask:
    worker = WorkerFactory(now=database_now())
    body = _proved(worker)
    now = database_now()
    signed = verified(body["message"], body["signature"], now=now, statement=payout_statement(worker.pk))
    workers.change_wallet(worker_id=worker.pk, signed=signed, now=now)
    return Ask(worker, "me/wallet/cancel", {})


# --- Invitations --------------------------------------------------------------------------------------------


@_for("invite_worker")
def _() -> Ask:
    first, second = ({"email": f"guest{next(_numbers)}@example.com"} for _ in range(2))
    return Ask(PlatformFactory(), "workers/invite", first, second)


@_for("list_invitations")
def _() -> Ask:
    platform = PlatformFactory()
    platforms.invite_worker(platform_id=platform.pk, email=f"guest{next(_numbers)}@example.com")
    return Ask(platform, "workers/invitations")


def _invited() -> tuple[Worker, str]:
    """A worker whom a platform has invited, and the token in the email."""
    worker = WorkerFactory(now=database_now())
    platforms.invite_worker(platform_id=PlatformFactory().pk, email=worker.email)
    platforms.send_invitations()
    return worker, next(word for word in mail.outbox[-1].body.split() if word.startswith("gi_"))


@_for("accept_invitation")
def _() -> Ask:
    worker, token = _invited()
    return Ask(worker, "me/invitations/accept", {"token": token})


@_for("list_my_invitations")
def _() -> Ask:
    return Ask(_invited()[0], "me/invitations")


@_for("accept_my_invitation")
def _() -> Ask:
    worker, _ = _invited()
    return Ask(worker, f"me/invitations/{platforms.invitations_to(worker).get().pk}/accept", {})


@_for("leave_platform")
def _() -> Ask:
    worker, platform = WorkerFactory(now=database_now()), _platform()
    consent(platform, worker)
    return Ask(worker, f"me/platforms/{platform.pk}/leave", {})
