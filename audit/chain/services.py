"""Hash chain over the audit log: no line can be changed, removed or inserted unseen."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from django.db import connection

from audit.log.services import jsonable
from audit.models import AuditLog, AuditSeal
from gigstream.core.postgres.transactions import try_lock
from gigstream.core.unit import in_unit

GENESIS = "0" * 64
FIELDS = (
    "id",
    "created_at",
    "actor_type",
    "actor_id",
    "action",
    "resource_type",
    "resource_id",
    "changes_before",
    "changes_after",
    "success",
    "error_message",
    "ip_address",
    "user_agent",
    "request_id",
    "metadata",
    "transaction_number",
)


def chain_hash(previous: str, rows: Iterable[tuple[Any, ...]]) -> str:
    """Return SHA-256 over the previous hash and the rows as JSON, a line each."""
    digest = hashlib.sha256(previous.encode())
    for row in rows:
        digest.update(json.dumps(jsonable(row), sort_keys=True, ensure_ascii=True).encode() + b"\n")
    return digest.hexdigest()


@in_unit
def seal() -> int:
    """Add a link over the audit rows that are final, and return how many.

    A row is final once all transactions up to its own have ended: no earlier row can join it any more.
    """
    if not try_lock("seal_audit_log"):
        return 0
    last = AuditSeal.objects.order_by("-id").first()
    with connection.cursor() as cursor:
        cursor.execute("SELECT txid_snapshot_xmin(txid_current_snapshot())")
        horizon = cursor.fetchone()[0]
    rows = list(_fetch_rows(last.before_transaction if last else 0, horizon))
    if not rows:
        return 0
    previous = last.hash if last else GENESIS
    AuditSeal.objects.create(
        before_transaction=horizon,
        row_count=len(rows),
        previous_hash=previous,
        hash=chain_hash(previous, rows),
    )
    return len(rows)


def _fetch_rows(from_transaction: int, before_transaction: int) -> Iterable[tuple[Any, ...]]:
    return (
        AuditLog.objects.filter(
            transaction_number__gte=from_transaction, transaction_number__lt=before_transaction
        )
        .order_by("transaction_number", "id")
        .values_list(*FIELDS)
        .iterator(chunk_size=5000)
    )


def broken_seals() -> list[int]:
    """Return the ids of links that do not follow from the rows or from the link before them."""
    broken = []
    previous_hash, start = GENESIS, 0
    for link in AuditSeal.objects.order_by("id"):
        rows = list(_fetch_rows(start, link.before_transaction))
        intact = (
            link.previous_hash == previous_hash
            and link.row_count == len(rows)
            and link.hash == chain_hash(previous_hash, rows)
        )
        if not intact:
            broken.append(link.pk)
        previous_hash, start = link.hash, link.before_transaction
    return broken
