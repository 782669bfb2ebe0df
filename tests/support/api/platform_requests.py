"""For each operation of platforms a request that may be made now, on rows that are made for it."""

from collections.abc import Callable
from typing import Any

from eth_account import Account

from gigstream.core.clock import database_now
from payments import services as payments
from payments.models import Transaction
from platforms import services as platforms
from platforms.models import Platform, PlatformEvent
from platforms.services import MilestonePlan
from reputation.quests import services as quests
from tests.support.api.asks import (
    ASKS,
    HOUR,
    Ask,
    Body,
    numbers,
    proved_by,
    request_for,
    rich_platform,
)
from tests.support.factories import (
    TaskFactory,
    WorkerFactory,
    assigned,
    consent,
    running_stream,
    started,
)
from tests.support.quests import open_quest
from workers.wallets.messages import verify_message, withdrawal_statement


def _busyrich_platform() -> Platform:
    """Return a platform with a task, a stream, a worker, transactions and events of its own."""
    platform, now = rich_platform(), database_now()
    task = started(platform=platform, now=now)
    platforms.complete_task(task_id=task.pk, now=now)
    running_stream(platform=platform, now=now)
    return platform


def _whole(path: str) -> Callable[[], Ask]:
    return lambda: Ask(_busyrich_platform(), path)


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


@request_for("create_deposit")
def _() -> Ask:
    return Ask(rich_platform(), "deposits", {"amount": "5"}, {"amount": "6"})


def _address(platform: Platform) -> Body:
    """Return the message that a wallet signs to be the platform's address for withdrawals."""
    return proved_by(withdrawal_statement(platform.pk))


def _withdrawing() -> Platform:
    """Return a platform with an address for withdrawals."""
    platform, now = rich_platform(), database_now()
    body = _address(platform)
    signed = verify_message(
        body["message"], body["signature"], now=now, statement=withdrawal_statement(platform.pk)
    )
    platforms.set_withdrawal_address(platform_id=platform.pk, signed=signed, now=now)
    return platform


@request_for("create_withdrawal")
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


@request_for("set_withdrawal_address")
def _() -> Ask:
    platform = rich_platform()
    return Ask(platform, "withdrawal-address", _address(platform), _address(platform))


@request_for("start_withdrawal_address")
def _() -> Ask:
    first, second = ({"wallet_address": Account.create().address} for _ in range(2))
    return Ask(rich_platform(), "withdrawal-address/nonce", first, second)


@request_for("create_key")
def _() -> Ask:
    return Ask(rich_platform(), "keys", {}, {"name": "another"})


def _of_a_key(act: str) -> Ask:
    platform = rich_platform()
    key, _ = platforms.create_api_key(platform_id=platform.pk)
    return Ask(platform, f"keys/{key.prefix}/{act}", {})


ASKS["revoke_key"] = lambda: _of_a_key("revoke")
ASKS["rotate_key"] = lambda: _of_a_key("rotate")

_TASK = {"title": "Deliver", "task_type": "fixed", "amount": "12.50"}


@request_for("create_task")
def _() -> Ask:
    return Ask(rich_platform(), "tasks", _TASK, {**_TASK, "amount": "13"})


@request_for("create_tasks")
def _() -> Ask:
    return Ask(rich_platform(), "tasks/bulk", {"tasks": [_TASK]}, {"tasks": [_TASK, _TASK]})


@request_for("get_task")
def _() -> Ask:
    platform = rich_platform()
    return Ask(platform, f"tasks/{TaskFactory.create(platform=platform).pk}")


@request_for("assign_task")
def _() -> Ask:
    platform = rich_platform()
    task, now = TaskFactory.create(platform=platform), database_now()
    workers = [WorkerFactory.create(now=now) for _ in range(2)]
    for worker in workers:
        consent(platform, worker, now=now)
    given, other = ({"worker_id": str(worker.pk)} for worker in workers)
    return Ask(platform, f"tasks/{task.pk}/assign", given, other)


@request_for("unassign_task")
def _() -> Ask:
    platform = rich_platform()
    task = assigned(platform=platform, now=database_now())
    return Ask(platform, f"tasks/{task.pk}/unassign", {}, {"reason": "rain"})


@request_for("decline_my_task")
def _() -> Ask:
    task = assigned(WorkerFactory.create(now=database_now()), now=database_now())
    return Ask(task.worker, f"me/tasks/{task.pk}/decline", {}, {"reason": "rain"})


@request_for("start_task")
def _() -> Ask:
    platform, now = rich_platform(), database_now()
    schedule: dict[str, Any] = {"task_type": "time_based", "duration_seconds": 3600, "release_interval": 60}
    return Ask(platform, f"tasks/{assigned(platform=platform, now=now, **schedule).pk}/start", {})


def _of_a_started_task(act: str, body: Body, other: Body | None = None) -> Ask:
    platform = rich_platform()
    task = started(platform=platform, now=database_now())
    return Ask(platform, f"tasks/{task.pk}/{act}", body, other)


ASKS["complete_task"] = lambda: _of_a_started_task("complete", {}, {"completion_proof": {"photo": "7"}})
ASKS["cancel_task"] = lambda: _of_a_started_task("cancel", {}, {"reason": "rain"})
ASKS["dispute_task"] = lambda: _of_a_started_task(
    "dispute", {"severity": 1, "reason": "late"}, {"severity": 2, "reason": "late"}
)


@request_for("rate_worker")
def _() -> Ask:
    platform, now = rich_platform(), database_now()
    task = started(platform=platform, now=now)
    platforms.complete_task(task_id=task.pk, now=now)
    return Ask(platform, f"tasks/{task.pk}/rate", {"rating": 5}, {"rating": 4})


@request_for("approve_milestone")
def _() -> Ask:
    platform = rich_platform()
    steps = [MilestonePlan("half", "5"), MilestonePlan("whole", "5")]
    task = started(platform=platform, task_type="milestone", milestones=steps, now=database_now())
    return Ask(platform, f"tasks/{task.pk}/milestones/1/approve", {})


@request_for("report_work_events")
def _() -> Ask:
    platform = rich_platform()
    task = started(platform=platform, now=database_now())
    event = {"task_id": str(task.pk), "event_type": "bonus", "external_id": "one", "amount": "3"}
    return Ask(platform, "work-events", {"events": [event]}, {"events": [{**event, "amount": "4"}]})


def _of_a_stream(act: str, body: Body | None, other: Body | None = None) -> Ask:
    platform = rich_platform()
    stream = running_stream(platform=platform, now=database_now() - HOUR / 2)
    return Ask(platform, f"streams/{stream.pk}{act}", body, other)


ASKS["get_stream"] = lambda: _of_a_stream("", None)
ASKS["pause_stream"] = lambda: _of_a_stream("/pause", {})
ASKS["cancel_stream"] = lambda: _of_a_stream("/cancel", {}, {"reason": "rain"})
ASKS["top_up_stream"] = lambda: _of_a_stream("/top-up", {"amount": "10"}, {"amount": "11"})


@request_for("resume_stream")
def _() -> Ask:
    platform, now = rich_platform(), database_now()
    stream = running_stream(platform=platform, now=now - HOUR / 2)
    payments.pause_stream(stream_id=stream.pk, now=now)
    return Ask(platform, f"streams/{stream.pk}/resume", {})


def _of_a_transaction(address: str) -> Ask:
    platform = _busyrich_platform()
    return Ask(platform, address.format(Transaction.objects.get(platform=platform, type="fee").pk))


ASKS["get_transaction"] = lambda: _of_a_transaction("transactions/{}")


@request_for("list_transaction_tasks")
def _() -> Ask:
    platform = _busyrich_platform()
    payments.create_due_payouts()
    return Ask(
        platform, f"transactions/{Transaction.objects.get(platform_parts__platform=platform).pk}/tasks"
    )


ASKS["explain_payment"] = lambda: _of_a_transaction("payments/{}/explain")


@request_for("get_worker")
def _() -> Ask:
    platform = rich_platform()
    return Ask(platform, f"workers/{assigned(platform=platform, now=database_now()).worker_id}")


_URL = "https://hooks.example.com/gigstream"


def _webhook(act: str, body: Body | None, other: Body | None = None) -> Ask:
    platform = _busyrich_platform()
    platforms.set_webhook(platform_id=platform.pk, url=f"{_URL}/of-{platform.pk}")
    return Ask(platform, f"webhook{act}", body, other)


ASKS["get_webhook"] = lambda: _webhook("", None)
ASKS["set_webhook"] = lambda: _webhook("", {"url": f"{_URL}/new"}, {"url": f"{_URL}/newer"})
ASKS["rotate_webhook_secret"] = lambda: _webhook("/rotate-secret", {})
ASKS["send_test_event"] = lambda: _webhook("/test", {})


def _events(path: str, body: Body | None = None, other: Body | None = None) -> Ask:
    platform = _webhook("", None).owner
    assert isinstance(platform, Platform)
    event = PlatformEvent.objects.filter(platform=platform).latest("sequence")
    return Ask(platform, path.format(event.pk), body, other)


ASKS["list_events"] = lambda: _events("events")
ASKS["get_event"] = lambda: _events("events/{}")
ASKS["replay_event"] = lambda: _events("events/{}/replay", {})
ASKS["replay_events"] = lambda: _events(
    "events/replay",
    {"from_sequence": 1, "to_sequence": 1},
    {"from_sequence": 1, "to_sequence": 2},
)


_QUEST = {
    "title": "Say hello",
    "kind": "custom",
    "reward_kind": "payout",
    "reward_amount": "5",
    "period": "once",
}


@request_for("create_quest")
def _() -> Ask:
    slug = f"asked-{next(numbers)}"
    return Ask(rich_platform(), "quests", {**_QUEST, "slug": slug}, {**_QUEST, "slug": f"{slug}-too"})


def _of_a_quest(address: str, body: Body | None = None, other: Body | None = None) -> Ask:
    platform = rich_platform()
    quest = open_quest(platform, now=database_now())
    return Ask(platform, f"quests/{quest.pk}{address}", body, other)


ASKS["get_quest"] = lambda: _of_a_quest("")
ASKS["get_quest_figures"] = lambda: _of_a_quest("/figures")
ASKS["list_quest_events"] = lambda: _of_a_quest("/events")
ASKS["change_quest"] = lambda: _of_a_quest("", {"title": "Say good day"}, {"title": "Wave"})
ASKS["fund_quest"] = lambda: _of_a_quest("/fund", {"amount": "10"}, {"amount": "11"})
ASKS["pause_quest"] = lambda: _of_a_quest("/pause", {})
ASKS["close_quest"] = lambda: _of_a_quest("/close", {})


@request_for("list_quests")
def _() -> Ask:
    platform = rich_platform()
    open_quest(platform, now=database_now())
    return Ask(platform, "quests")


@request_for("open_quest")
def _() -> Ask:
    platform, now = rich_platform(), database_now()
    quest = open_quest(platform, now=now)
    quests.pause_quest(quest_id=quest.pk, now=now)
    return Ask(platform, f"quests/{quest.pk}/open", {})


@request_for("report_quest_events")
def _() -> Ask:
    platform, now = rich_platform(), database_now()
    quest, worker = open_quest(platform, now=now), WorkerFactory.create(now=now)
    consent(platform, worker, now=now)
    event = {"worker_id": str(worker.pk)}
    return Ask(
        platform,
        f"quests/{quest.pk}/events",
        {"events": [event]},
        {"events": [{**event, "evidence": {"by": "hand"}}]},
    )
