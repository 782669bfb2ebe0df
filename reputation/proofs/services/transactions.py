"""Transactions on the chain as acts for quests: named by a worker, looked up outside of any transaction of
ours, and recorded as events once the chain shows what the quest asks for."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from audit.log import services as audit
from audit.log.services import jsonable, verb
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.errors import Refusal
from gigstream.core.unit import in_unit
from gigstream.jobs.registry import nudge_job
from gigstream.remote_calls.errors import ServiceUnavailable
from gigstream.remote_calls.services import breaker
from payments.settlement.provider.chain import NAME, Chain, MinedTransaction, configured_chain
from platforms.tasks.errors import NOTHING_HERE
from reputation.models import ChainProof
from reputation.proofs.calculations import normal_tx_hash, require_proof
from reputation.proofs.enums import ProofStatus
from reputation.proofs.errors import NoIdentity, NotShown, TooManyTransactions
from reputation.quests.calculations import read_on_chain_terms
from reputation.quests.enums import QuestKind
from reputation.quests.errors import NotClaimable, QuestNotFound
from reputation.quests.selectors import quests_for
from reputation.quests.services import Fact, record_events
from reputation.quests.services.facts import REFUSED
from workers.models import ChainIdentity, Worker
from workers.services import require_active
from workers.wallets.chains import EVM

logger = logging.getLogger(__name__)

LOOKED_UP_AT_ONCE = 100
# Transactions of a worker that are looked up at a time.
MOST_WAITING = 20
# A transaction that no block has by then is refused, and may be named again.
WAITED_FOR = timedelta(hours=24)
AGAIN_AFTER = timedelta(seconds=20)


@verb("quest.name_transaction", "quest")
def name_transaction(
    *, quest_id: UUID, worker_id: UUID, tx_hash: str, now: datetime | None = None
) -> ChainProof:
    """Record that the worker names this transaction as their act, and have it looked up on the chain. A
    transaction that was refused is looked up again.

    Raises InvalidTransaction, QuestNotFound, NotClaimable, NoIdentity, TooManyTransactions, WorkerSuspended
    or WorkerDeleted.
    """
    now = now or database_now()
    tx_hash = normal_tx_hash(tx_hash)
    worker = Worker.objects.locked().get(pk=worker_id)
    require_active(worker=worker)
    quest = quests_for(worker_id, now=now).filter(pk=quest_id).first()
    if quest is None:
        raise QuestNotFound(NOTHING_HERE)
    if quest.kind != QuestKind.ON_CHAIN or not quest.is_claimable:
        raise NotClaimable("this quest takes no transactions from workers", kind=quest.kind)
    own = ChainProof.objects.filter(worker=worker)
    proof = own.filter(quest=quest, tx_hash=tx_hash).first()
    if proof is not None and proof.status != ProofStatus.REFUSED:
        return proof
    if not _addresses_of(worker_id):
        raise NoIdentity("add the account that has sent the transaction to your identities first")
    waiting = own.filter(status=ProofStatus.RECEIVED).count()
    if waiting >= MOST_WAITING:
        raise TooManyTransactions(
            f"{waiting} of your transactions are looked up, of at most {MOST_WAITING} at a time",
            waiting=waiting,
            most=MOST_WAITING,
        )
    proof = proof or ChainProof(quest=quest, worker=worker, tx_hash=tx_hash, created_at=now)
    proof.status, proof.received_at, proof.next_look_at = ProofStatus.RECEIVED, now, now
    proof.decided_at, proof.code, proof.message, proof.numbers = None, "", "", {}
    proof.save()
    audit.record("quest.name_transaction", quest, after={"proof": proof.pk}, now=now)
    nudge_job("look_up_transactions")
    return proof


def _addresses_of(worker_id: UUID) -> set[str]:
    """Return the worker's accounts of EVM chains: a key has the same on all of them."""
    found = ChainIdentity.objects.filter(worker=worker_id, chain__startswith=f"{EVM}:")
    return set(found.values_list("address", flat=True))


def look_up_transactions(*, now: datetime | None = None, chain: Chain | None = None) -> int:
    """Look up the transactions that are due, and decide on those that lie deep enough; return how many were
    decided. While no node is set, or it does not answer or is of another chain, all stay received."""
    chain = chain or configured_chain()
    now = now or database_now()
    due = ChainProof.objects.filter(Q(status=ProofStatus.RECEIVED) & Q(next_look_at__lte=now))
    found = due.order_by("next_look_at", "pk").values_list("pk", "worker", "tx_hash")
    rows = list(found[:LOOKED_UP_AT_ONCE])
    if chain is None or not rows or not breaker.permitted_calls(NAME, 1, now):
        return 0
    try:
        head = chain.head().number
        mined = chain.mined(sorted({tx_hash for _, _, tx_hash in rows}))
    except ServiceUnavailable as error:
        logger.warning("transactions cannot be looked up: %s", error)
        breaker.note_outcomes(NAME, [error.error_class], now)
        return 0
    breaker.note_outcomes(NAME, [None], now)
    return sum(_decide(proof_id, worker_id, head, mined, now) for proof_id, worker_id, _ in rows)


@in_unit
def _decide(
    proof_id: UUID, worker_id: UUID, head: int, found: Mapping[str, MinedTransaction], now: datetime
) -> bool:
    """Whether the proof was decided, by what the chain shows; else it is looked up again."""
    # Before the proof: a worker who leaves takes it along.
    sql.run("reputation/quests/lock_workers", workers=[worker_id])
    proof = ChainProof.objects.locked().select_related("quest").filter(pk=proof_id).first()
    if proof is None or proof.status != ProofStatus.RECEIVED:
        return False
    mined = found.get(proof.tx_hash)
    try:
        if mined is None:
            return _wait(proof, now)
        terms = read_on_chain_terms(proof.quest.metadata.get("proof"))
        needed = terms.confirmations or settings.SETTLEMENT_CONFIRMATIONS
        if head - mined.block_number + 1 < needed:
            return _wait(proof, now)
        amount = require_proof(terms, mined, _addresses_of(proof.worker_id))
        _record(proof, mined, amount, now)
    except (Refusal, NotShown) as refusal:
        _refuse(proof, refusal.code, refusal.message, jsonable(refusal.numbers), now)
    return True


def _wait(proof: ChainProof, now: datetime) -> bool:
    if now >= proof.received_at + WAITED_FOR:
        hours = int(WAITED_FOR.total_seconds() // 3600)
        raise NotShown(f"the chain has not shown the transaction within {hours} hours", hours=hours)
    proof.next_look_at = now + AGAIN_AFTER
    proof.save(update_fields=["next_look_at", "updated_at"])
    return False


def _record(proof: ChainProof, mined: MinedTransaction, amount: int, now: datetime) -> None:
    """Record the transaction as an event of the quest, whose own rules may refuse it."""
    fact = Fact(
        worker_id=proof.worker_id,
        event_type=QuestKind.ON_CHAIN,
        external_id=proof.tx_hash,
        event_date=None,
        occurred_at=mined.mined_at,
        evidence={"block_number": mined.block_number, "sender": mined.sender, "amount": str(amount)},
    )
    (result,) = record_events(quest_id=proof.quest_id, facts=[fact], now=now)
    if result.state == REFUSED:
        _refuse(proof, result.code, result.message, result.numbers, now)
        return
    proof.status, proof.event_id = ProofStatus.PROVED, result.event_id
    proof.block_number, proof.amount = mined.block_number, amount
    proof.next_look_at, proof.decided_at = None, now
    proof.save()


def _refuse(proof: ChainProof, code: str, message: str, numbers: Mapping[str, str], now: datetime) -> None:
    proof.status, proof.next_look_at, proof.decided_at = ProofStatus.REFUSED, None, now
    proof.code, proof.message, proof.numbers = code, message, dict(numbers)
    proof.save()


@in_unit
def forget_transactions(*, worker_id: UUID) -> None:
    """Delete the transactions that a worker who leaves has named: each shows an account of theirs. Their
    events stay, with a hash of the transaction."""
    ChainProof.unguarded.filter(worker=worker_id).delete()
