"""Register of weights and factors: which ties link two accounts, and what linked accounts get."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from reputation.sybils.enums import TieKind

WEIGHTS: Mapping[TieKind, Decimal] = {
    TieKind.PAYOUT_ADDRESS: Decimal("1"),
    TieKind.SOCIAL: Decimal("1"),
    TieKind.UPLOAD: Decimal("1"),
    TieKind.DEVICE: Decimal("0.6"),
    TieKind.NETWORK: Decimal("0.2"),
}
# Two accounts are linked from this sum of weights on; each kind counts once, however often it is shared.
LINK_NEEDS = Decimal("0.8")
# What more accounts share, as the network of an office, ties nobody.
MOST_ACCOUNTS_OF_A_KEY = 20
# Rounds in which a run joins linked accounts to clusters. Each joins what the last has left apart, so that
# ten join thousands in a row.
MOST_ROUNDS = 10
# A device or a network address that was not seen for so long is forgotten.
FORGOTTEN_AFTER = timedelta(days=90)

# The factor on points, from a number of accounts in a cluster on. Below the first the points are whole.
FACTORS: Sequence[tuple[int, Decimal]] = ((2, Decimal("0.5")), (4, Decimal("0.1")))
WHOLE = Decimal(1)


def light_kinds(weights: Mapping[TieKind, Decimal]) -> list[TieKind]:
    """Return the lightest kinds, as many as weigh too little to link two accounts that share all of them."""
    found: list[TieKind] = []
    total = Decimal(0)
    for kind in sorted(weights, key=lambda kind: weights[kind]):
        total += weights[kind]
        if total >= LINK_NEEDS:
            break
        found.append(kind)
    return found


def factor_of(accounts: int) -> Decimal:
    """Return the factor on the points of an account in a cluster of so many."""
    return min((factor for least, factor in FACTORS if accounts >= least), default=WHOLE)


def explain_cluster(accounts: int, shared: Mapping[TieKind, int]) -> str:
    """Return in words why accounts count as linked: `shared` are the numbers of accounts by what they have in
    common with this account."""
    words = [
        f"{count} other {'account uses' if count == 1 else 'accounts use'} the same {kind.label}"
        for kind, count in shared.items()
        if count
    ]
    return f"Your account and {accounts - 1} more seem to be of one person: {', '.join(words)}."


# What would change the effect.
CHANGE = (
    "If the others are other people, tell the support: a member of staff looks at it and decides. It ends by"
    " itself when the accounts no longer share these."
)
