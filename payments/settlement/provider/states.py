"""The provider's states of a transfer: their order, the last of them, and those that say that money moved.

Notifications arrive more than once and in any order, so a state is applied by its rank, never by its arrival.
"""

from payments.settlement.provider.enums import TransferState

_RANK = {
    TransferState.UNKNOWN: 0,
    TransferState.INITIATED: 1,
    TransferState.PENDING_RISK_SCREENING: 2,
    TransferState.QUEUED: 2,
    TransferState.CLEARED: 3,
    # A stuck transfer is sent again: it may go to and fro between these two.
    TransferState.SENT: 4,
    TransferState.STUCK: 4,
    TransferState.CONFIRMED: 5,
    TransferState.COMPLETE: 6,
    TransferState.FAILED: 6,
    TransferState.CANCELLED: 6,
    TransferState.DENIED: 6,
}
FAILURES = frozenset({TransferState.FAILED, TransferState.CANCELLED, TransferState.DENIED})
TERMINAL = FAILURES | {TransferState.COMPLETE}
ON_CHAIN = frozenset({TransferState.CONFIRMED, TransferState.COMPLETE})
MAY_ACCELERATE = frozenset({TransferState.SENT, TransferState.STUCK})
MAY_CANCEL = frozenset(
    {TransferState.INITIATED, TransferState.QUEUED, TransferState.SENT, TransferState.STUCK}
)


def read(raw: str) -> TransferState:
    """Return the state that the provider's word names; UNKNOWN for a word that is not in the list."""
    try:
        return TransferState(raw)
    except ValueError:
        return TransferState.UNKNOWN


def rank(state: TransferState) -> int:
    """Return how far a transfer has come; states of the same rank may follow each other in either order."""
    return _RANK[state]


def replaces(reported: TransferState, known: TransferState) -> bool:
    """Whether a report moves a transfer on: nothing leaves a terminal state, nothing goes back in rank, and
    a word that is not in the list moves nothing."""
    if reported in (known, TransferState.UNKNOWN) or known in TERMINAL:
        return False
    return rank(reported) >= rank(known)


def is_settled(state: TransferState, *, confirmations: int, needed: int) -> bool:
    """Whether the money has moved for good: the provider says so, or enough blocks lie on top."""
    if state == TransferState.CONFIRMED:
        return confirmations >= needed
    return state == TransferState.COMPLETE
