"""What the wallets hold against what the ledger says they should."""

import logging
from dataclasses import asdict, dataclass
from decimal import Decimal

from django.conf import settings
from django.db.models import Count, Q, Sum

from gigstream.lib.db import atomic_with_retry, limit_minutes
from gigstream.lib.money import MICRO
from gigstream.lib.money import amount as exact
from payments.enums import AccountName, BreakBucket, ObservedStatus, TransactionStatus
from payments.models import Account, ObservedTransfer, Transaction
from payments.provider.chain import Chain
from payments.provider.protocol import PaymentProvider, ProviderUnavailable
from payments.services import accounts
from payments.services.custody import house_address
from payments.services.differences import Difference, Side
from payments.services.observing import wallets
from platforms.models import Platform

logger = logging.getLogger(__name__)

SUBJECT = "wallets"
# So many wallets are asked for at the provider one by one; more only at a node.
MOST_ONE_BY_ONE = 100
NOTHING = Decimal(0)
# More than a transfer costs: what one under way may have cost already.
LARGEST_FEE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Books:
    """What the ledger and our rows say, in USDC."""

    # What came in and has not gone out: the other side of the account `world`.
    owed: Decimal
    # Handed over and not settled: it may have left the wallets already, and so may its network fee.
    under_way: Decimal
    transfers_under_way: int
    # Seen on chain and not credited, so in the wallets and not in the ledger.
    uncredited: Decimal
    # Paid to the network from the same wallets, all told; each rounded up to a millionth.
    network_fees: Decimal
    fees_paid: int

    @property
    def expected(self) -> tuple[Decimal, Decimal]:
        """The least and the most that the wallets hold, had the house no money of its own."""
        settled = self.owed + self.uncredited - self.network_fees
        unknown_fees = LARGEST_FEE * self.transfers_under_way
        return settled - self.under_way - unknown_fees, settled + MICRO * self.fees_paid


@dataclass(frozen=True, slots=True)
class Treasury:
    """The figures of one look, and whether they agree."""

    held: Decimal
    first: Books
    last: Books

    @property
    def short(self) -> Decimal:
        """What is certainly missing: 0 when nothing is."""
        least = min(one.expected[0] for one in (self.first, self.last))
        return max(least - self.held, NOTHING)

    @property
    def own(self) -> tuple[Decimal, Decimal]:
        """Between what the house's own money in the wallets lies, with what it has paid in network fees."""
        sides = [one.expected for one in (self.first, self.last)]
        return self.held - max(most for _, most in sides), self.held - min(least for least, _ in sides)

    def agrees(self) -> bool:
        if self.short:
            return False
        if not settings.TREASURY_OWN_USDC:
            return True
        lowest, highest = self.own
        return lowest <= exact(settings.TREASURY_OWN_USDC, allow_zero=True) <= highest

    def ours(self) -> Side:
        told = {name: str(value) for name, value in asdict(self.last).items()}
        return {**told, "own": settings.TREASURY_OWN_USDC, "short": str(self.short)}

    def figures(self) -> Side:
        return {**self.ours(), "held": str(self.held)}


def look(provider: PaymentProvider, chain: Chain | None) -> Treasury | None:
    """The treasury now, None when nobody can tell what the wallets hold.

    The books are read before and after, since transfers go on meanwhile.
    """
    first = _books()
    held = _held(provider, chain)
    return None if held is None else Treasury(held, first, _books())


def difference(treasury: Treasury | None) -> list[Difference]:
    if treasury is None or treasury.agrees():
        return []
    held: Side = {"held": str(treasury.held)}
    return [Difference(BreakBucket.TREASURY, SUBJECT, None, treasury.ours(), held)]


@atomic_with_retry
def _books() -> Books:
    limit_minutes(5)
    world = Account.objects.get(pk=accounts.of_house(AccountName.WORLD)).balance
    offered = Q(status=TransactionStatus.SUBMITTED) | Q(status=TransactionStatus.PENDING, retry_count__gt=0)
    sums = Transaction.objects.outgoing().aggregate(
        under_way=Sum("amount", filter=offered),
        count=Count("id", filter=offered),
        fees=Sum("fee"),
        paid=Count("id", filter=Q(fee__gt=0)),
    )
    waiting = ObservedTransfer.objects.filter(
        status__in=[ObservedStatus.SEEN, ObservedStatus.UNKNOWN_PLATFORM]
    )
    from_outside = waiting.exclude(from_wallet__in=wallets("").all)
    return Books(
        owed=-world,
        under_way=sums["under_way"] or NOTHING,
        transfers_under_way=sums["count"],
        uncredited=from_outside.aggregate(all=Sum("amount"))["all"] or NOTHING,
        network_fees=sums["fees"] or NOTHING,
        fees_paid=sums["paid"],
    )


def _held(provider: PaymentProvider, chain: Chain | None) -> Decimal | None:
    try:
        if chain is None:
            return _held_at(provider)
        house = house_address(provider)
        return sum(chain.balances(wallets(house).all).values(), NOTHING)
    except ProviderUnavailable as error:
        logger.warning("what the wallets hold is not known: %s", error)
        return None


def _held_at(provider: PaymentProvider) -> Decimal | None:
    kept = Platform.objects.exclude(wallet_id="").only("wallet_id")
    ids = [one.wallet_id for one in kept.order_by("pk")[: MOST_ONE_BY_ONE + 1]]
    if len(ids) > MOST_ONE_BY_ONE:
        return None
    return sum((provider.balance(one) for one in ["", *ids]), NOTHING)
