"""What dry runs tell about money."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gigstream.lib.api import previews
from gigstream.lib.api.callers import PLATFORM, Caller
from payments.services import ledger
from payments.services.ledger import Moved, Posted


@contextmanager
def _postings(caller: Caller) -> Iterator[list[dict[str, Any]]]:
    shown: list[dict[str, Any]] = []
    with ledger.watching() as seen:
        yield shown
    shown.extend(_shown(one, caller) for one in seen)


def _shown(one: Posted, caller: Caller) -> dict[str, Any]:
    return {
        "kind": one.posting.kind,
        "amount": one.posting.amount,
        "debit": _side(one.debit, caller),
        "credit": _side(one.credit, caller),
    }


def _side(account: Moved | None, caller: Caller) -> dict[str, Any] | None:
    """The account; its balance only where it is the caller's own."""
    if account is None:
        return None
    owner = account.platform_id if caller.kind == PLATFORM else account.worker_id
    own = {"balance_after": account.balance} if owner == caller.id else {}
    return {"account": account.name, **own}


previews.register("postings", _postings)
