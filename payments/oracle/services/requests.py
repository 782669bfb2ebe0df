"""Operations that other subjects and staff request: tokens of creators, records of distributions, retries."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.errors import ReplayMismatch
from gigstream.core.money import exact_amount
from gigstream.core.people.names import normal_name
from gigstream.core.postgres.transactions import wait_for_lock
from payments.models import ChainOperation, CreatorSync, OperationCreator
from payments.oracle.calculations import key_of_distribution
from payments.oracle.enums import OperationKind, OperationStatus
from payments.oracle.errors import (
    CreatorHasNoAddress,
    InvalidRecord,
    InvalidToken,
    OperationNotDead,
    OperationSuperseded,
    OracleOff,
)
from payments.oracle.services.outcomes import reset_round
from payments.oracle.services.providers import Oracle, configured_oracle
from payments.oracle.services.syncing import hash_address, new_operation
from platforms.catalogue.enums import CreatorStatus
from platforms.models import CreatorProfile

SYMBOL = re.compile(r"[A-Z][A-Z0-9]{1,10}", re.ASCII)
LONGEST_NAME = 60
ROOT = re.compile(r"0x[0-9a-f]{64}", re.ASCII)
LARGEST_NUMBER = 2**63 - 1


@verb("oracle.create_token", "creatorprofile")
def create_creator_token(
    *, creator_id: UUID, name: str, symbol: str, now: datetime | None = None, oracle: Oracle | None = None
) -> ChainOperation:
    """Have the contract make the creator's token, once; the same request again returns its operation.

    Raises CreatorHasNoAddress, InvalidToken, OracleOff, or ReplayMismatch for another name or symbol.
    """
    oracle, now = oracle or configured_oracle(), now or database_now()
    details = {"name": _normal_token_name(name), "symbol": symbol}
    if not SYMBOL.fullmatch(symbol):
        raise InvalidToken(f"a symbol has 2 to 11 letters and digits in upper case, not {symbol[:20]!r}")
    creator = CreatorProfile.objects.locked().get(pk=creator_id)
    key = f"token:{creator.pk}"
    known = _known(key, details)
    if known is not None:
        return known
    if creator.status != CreatorStatus.VERIFIED or not creator.metrics_address:
        raise CreatorHasNoAddress(
            f"creator {creator.reference} is not verified, or has no address for metrics"
        )
    operation = _create(
        OperationKind.CREATE_TOKEN, creator.platform_id, oracle, key, details, now, creators=1
    )
    OperationCreator(
        operation=operation, creator=creator, position=0, address=creator.metrics_address.lower()
    ).save(force_insert=True)
    audit.record("oracle.create_token", creator, after={"operation": operation.pk, **details}, now=now)
    return operation


def _normal_token_name(name: str) -> str:
    normal = normal_name(name)
    if len(normal) > LONGEST_NAME:
        raise InvalidToken(f"a token's name has at most {LONGEST_NAME} characters, not {len(normal)}")
    return normal


@verb("oracle.record_distribution", "platform")
def record_distribution(
    *,
    platform_id: UUID,
    number: int,
    total: Decimal | str,
    root: str,
    secret: str = "",
    now: datetime | None = None,
    oracle: Oracle | None = None,
) -> ChainOperation:
    """Record a distribution's number, total and the Merkle root of its shares on the chain, once; the same
    request again returns its operation. It moves no money. With the `secret` of the leaves' salts, which
    stays here, the root can be compared with the shares again.

    Raises InvalidRecord, InvalidAmount, OracleOff, or ReplayMismatch for another total or root.
    """
    oracle, now = oracle or configured_oracle(), now or database_now()
    if isinstance(number, bool) or not 1 <= number <= LARGEST_NUMBER:
        raise InvalidRecord(f"a distribution is numbered from 1 on, not {number}")
    if not ROOT.fullmatch(root.lower()) or int(root, 16) == 0:
        raise InvalidRecord("a root is 0x and 64 hexadecimal digits, not all zero")
    amount = exact_amount(total, allow_zero=True)
    details = {"number": number, "total": f"{amount:.6f}", "root": root.lower()}
    key = key_of_distribution(platform_id, number)
    known = _known(key, details)
    if known is not None:
        return known
    kept = {**details, "secret": secret} if secret else details
    operation = _create(OperationKind.DISTRIBUTE, platform_id, oracle, key, kept, now)
    audit.record("oracle.record_distribution", operation, after=details, now=now)
    return operation


def _known(key: str, details: Mapping[str, Any]) -> ChainOperation | None:
    """Return the operation of this fact, None when there is none, with the fact locked until the transaction
    ends. Raises ReplayMismatch."""
    wait_for_lock(f"oracle {key}")
    known = ChainOperation.objects.filter(key=key).first()
    if known is None:
        return None
    written = {name: known.details.get(name) for name in details}
    if written != dict(details):
        raise ReplayMismatch(f"{key} was requested before with {written}, not {dict(details)}")
    return known


def _create(
    kind: OperationKind,
    platform_id: UUID,
    oracle: Oracle,
    key: str,
    details: Mapping[str, Any],
    now: datetime,
    *,
    creators: int = 0,
) -> ChainOperation:
    if not oracle.contract:
        raise OracleOff("no contract is set: nothing is written to the chain")
    operation = new_operation(
        kind, platform_id, oracle, key=key, creator_count=creators, details=details, now=now
    )
    operation.save(force_insert=True)
    return operation


@verb("oracle.retry", "chainoperation")
def retry_operation(*, operation_id: UUID, reason: str = "", now: datetime | None = None) -> ChainOperation:
    """Try a dead operation again, in a new round; the contract does it once, also if an earlier round was
    done. Raises OperationNotDead or OperationSuperseded."""
    operation = ChainOperation.objects.locked().get(pk=operation_id)
    now = now or database_now()
    if operation.status != OperationStatus.DEAD:
        raise OperationNotDead(f"operation {operation.pk} is {operation.status}", status=operation.status)
    _take_creators_again(operation, now)
    reset_round(operation)
    operation.round += 1
    operation.status, operation.trouble, operation.ended_at = OperationStatus.PENDING, "", None
    operation.error_class = operation.error_message = ""
    operation.failures, operation.next_attempt_at = 0, now
    operation.save()
    audit.record(
        "oracle.retry", operation, after={"round": operation.round}, metadata={"reason": reason}, now=now
    )
    return operation


def _take_creators_again(operation: ChainOperation, now: datetime) -> None:
    """Let the creators be written by this operation again. Raises OperationSuperseded."""
    sent = list(operation.creators.select_related("creator"))
    if any(not row.address for row in sent):
        raise OperationSuperseded("a creator of the operation has left")
    if operation.kind != OperationKind.UPDATE_METRICS:
        return
    syncs = list(CreatorSync.objects.locked().filter(creator__in=[row.creator_id for row in sent]))
    hashes = {row.creator_id: hash_address(row.creator) for row in sent}
    newer = [
        sync
        for sync in syncs
        if sync.operation_id is not None
        or (sync.synced_at is not None and sync.synced_at > operation.created_at)
        or sync.address_hash != hashes[sync.creator_id]
    ]
    if newer:
        raise OperationSuperseded(
            f"the numbers of {len(newer)} creators were written since, or are", newer=len(newer)
        )
    CreatorSync.unguarded.filter(pk__in=[sync.pk for sync in syncs]).update(
        operation=operation, updated_at=now
    )
