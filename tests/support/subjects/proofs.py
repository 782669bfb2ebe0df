"""Transactions on the chain and referrals, which prove acts for quests."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from gigstream.core.clock import database_now
from gigstream.core.ids import new_id
from platforms.models import Platform
from reputation.models import ChainProof, Quest, QuestEvent, Referral
from reputation.proofs import services as proofs
from reputation.proofs.calculations import referral_code
from tests.support.api.asks import Ask, request_for
from tests.support.database.rich_history import History
from tests.support.factories import NOW as AT
from tests.support.factories import PlatformFactory, WorkerFactory, consent
from tests.support.quests import open_quest
from workers import services as workers
from workers.models import ChainIdentity, Worker
from workers.sign_in.tokens import SignedAccount

CONTRACT = "0x" + "c5" * 20
TX_HASH = "0x" + "ab" * 32


def on_chain_quest(*, now: Any = AT, platform: Platform | None = None, **proof: Any) -> Quest:
    """Return an open quest, of the house unless a platform is given, that gives 10 points for a transfer of a
    token."""
    return open_quest(
        platform,
        house=platform is None,
        kind="on_chain",
        reward_kind="points",
        reward_amount=10,
        budget=None,
        limit_per_worker=None,
        metadata={"proof": {"contract": CONTRACT} | proof},
        now=now,
    )


def identified(worker: Worker, address: str = "", *, now: Any = AT) -> Worker:
    """Return the worker, who has added this account of the chain."""
    number = ChainIdentity.objects.count() + 1
    signed = SignedAccount("eip155:1", address or f"0xe{number:039x}", workers.make_nonce(now=now).nonce)
    workers.add_identity(worker_id=worker.pk, signed=signed, now=now)
    return worker


def _row(model: type[Any]) -> Any:
    # The tables of rows read this module's.
    from tests.support.database.valid_rows import insert, valid

    return insert(valid(model))


ROWS = {
    ChainProof: lambda: {
        "quest": _row(Quest),
        "worker": WorkerFactory.create(),
        "tx_hash": f"0x{new_id().int:064x}",
        "status": "proved",
        "created_at": AT,
        "updated_at": AT,
        "received_at": AT,
        "decided_at": AT,
        "block_number": 7,
        "amount": Decimal(1),
        "event": _row(QuestEvent),
    },
    Referral: lambda: {
        "worker": WorkerFactory.create(),
        "referrer": WorkerFactory.create(),
        "created_at": AT,
    },
}
_NOT_SHOWN: dict[str, Any] = {"block_number": None, "amount": None, "event": None}
_SOMEBODY = new_id()
BROKEN: list[tuple[str, type[Any], dict[str, Any]]] = [
    ("chain_proof_names_a_transaction", ChainProof, {"tx_hash": "0xAB"}),
    ("chain_proof_status_known", ChainProof, {"status": "lost", **_NOT_SHOWN}),
    ("chain_proof_looked_up_until_decided", ChainProof, {"next_look_at": AT}),
    ("chain_proof_looked_up_until_decided", ChainProof, {"decided_at": None}),
    ("chain_proof_shown_has_its_event", ChainProof, {"event": None}),
    ("chain_proof_shown_has_its_event", ChainProof, {"amount": None}),
    ("chain_proof_shown_has_its_event", ChainProof, {"status": "refused", "code": "invalid_fact"}),
    ("chain_proof_refused_with_a_reason", ChainProof, {"code": "invalid_fact"}),
    ("chain_proof_refused_with_a_reason", ChainProof, {"status": "refused", **_NOT_SHOWN}),
    ("referral_by_another", Referral, {"worker_id": _SOMEBODY, "referrer_id": _SOMEBODY}),
    ("referral_counted_after_it_was_named", Referral, {"counted_at": AT - timedelta(seconds=1)}),
]
REPEATED: list[tuple[str, type[Any], tuple[str, ...], dict[str, Any]]] = [
    ("chain_proof_once_per_worker", ChainProof, ("worker", "quest", "tx_hash"), {}),
]


def _prove_acts(h: History) -> None:
    now = database_now()
    worker = identified(WorkerFactory.create(now=now), now=now)
    quest = on_chain_quest(now=now)
    proofs.name_transaction(quest_id=quest.pk, worker_id=worker.pk, tx_hash=TX_HASH, now=now)
    joined = WorkerFactory.create(now=now + timedelta(seconds=1))
    proofs.name_referrer(worker_id=joined.pk, code=referral_code(worker.pk), now=joined.created_at)


HISTORIES = [_prove_acts]


def _pair() -> tuple[Worker, Worker]:
    now = database_now()
    return WorkerFactory.create(now=now - timedelta(days=1)), WorkerFactory.create(now=now)


def _late_referrer(g: Any) -> Any:
    late = WorkerFactory.create(now=g.now - timedelta(days=15))
    return _as(late).post("me/referrals/referrer", {"code": referral_code(g.worker.pk)})


def _second_referrer(g: Any) -> Any:
    referrer, worker = _pair()
    proofs.name_referrer(worker_id=worker.pk, code=referral_code(referrer.pk))
    other = WorkerFactory.create(now=g.now - timedelta(days=2))
    return _as(worker).post("me/referrals/referrer", {"code": referral_code(other.pk)})


def _as(worker: Worker) -> Any:
    from tests.support.api.client import Api

    return Api.as_worker(worker)


def _crowded(g: Any) -> Any:
    identified(g.worker, now=g.now)
    quest = on_chain_quest(now=g.now)
    for number in range(20):
        proofs.name_transaction(quest_id=quest.pk, worker_id=g.worker.pk, tx_hash=f"0x{number:064x}")
    return g.me.post(f"me/quests/{quest.pk}/transactions", {"tx_hash": TX_HASH})


CODES = {
    ("invalid_transaction", 422): lambda g: g.me.post(
        f"me/quests/{on_chain_quest(now=g.now).pk}/transactions", {"tx_hash": "0xabc"}
    ),
    ("identity_missing", 409): lambda g: g.me.post(
        f"me/quests/{on_chain_quest(now=g.now).pk}/transactions", {"tx_hash": TX_HASH}
    ),
    ("too_many_transactions", 409): _crowded,
    ("referral_code_unknown", 422): lambda g: g.me.post("me/referrals/referrer", {"code": "nobody"}),
    ("already_referred", 409): _second_referrer,
    ("referral_too_late", 409): _late_referrer,
}


@request_for("name_transaction")
def _() -> Ask:
    now = database_now()
    platform, worker = PlatformFactory.create(now=now), identified(WorkerFactory.create(now=now), now=now)
    quest = on_chain_quest(now=now, platform=platform)
    consent(platform, worker, now=now)
    first, second = ({"tx_hash": "0x" + two * 32} for two in ("ab", "cd"))
    return Ask(worker, f"me/quests/{quest.pk}/transactions", first, second)


@request_for("list_my_quest_transactions")
def _() -> Ask:
    now = database_now()
    worker, quest = identified(WorkerFactory.create(now=now), now=now), on_chain_quest(now=now)
    proofs.name_transaction(quest_id=quest.pk, worker_id=worker.pk, tx_hash=TX_HASH)
    return Ask(worker, "me/quest-transactions")


@request_for("get_my_referrals")
def _() -> Ask:
    return Ask(_pair()[0], "me/referrals")


@request_for("name_referrer")
def _() -> Ask:
    referrer, worker = _pair()
    other = WorkerFactory.create(now=database_now() - timedelta(days=2))
    first, second = ({"code": referral_code(one.pk)} for one in (referrer, other))
    return Ask(worker, "me/referrals/referrer", first, second)
