"""Comparison of the holdings of our wallets with those that the ledger expects."""

import logging
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, Sum

from gigstream.core.money import MICRO, exact_amount
from gigstream.core.postgres.transactions import limit_minutes
from gigstream.core.unit import in_unit
from gigstream.remote_calls.errors import ServiceUnavailable
from payments.ledger.enums import AccountName
from payments.ledger.services import accounts
from payments.models import Account, ChainOperation, GasSpending, ObservedTransfer, Transaction
from payments.settlement.custody.services import house_address
from payments.settlement.deposits.enums import ObservedStatus
from payments.settlement.deposits.services.observing import own_wallets
from payments.settlement.provider.chain import Chain
from payments.settlement.provider.enums import SIGNER
from payments.settlement.provider.protocol import PaymentProvider
from payments.settlement.reconciliation.enums import DiscrepancyBucket
from payments.settlement.reconciliation.services.differences import Difference, Side
from payments.settlement.transactions.enums import TransactionStatus
from platforms.models import Platform

logger = logging.getLogger(__name__)

SUBJECT = "wallets"
# The most wallets that are read at the provider, one by one; more only at a node.
MOST_ONE_BY_ONE = 100
NOTHING = Decimal(0)
# More than a transfer costs: the most that a transfer under way may have cost already.
LARGEST_FEE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Books:
    """Figures of the ledger and our rows, in USDC."""

    # Came in and has not gone out: minus the balance of the account `outside`.
    owed: Decimal
    # Submitted and not settled: it may have left the wallets already, and so may its network fee.
    under_way: Decimal
    transfers_under_way: int
    # Seen on chain and not credited, so in the wallets and not in the ledger.
    uncredited: Decimal
    # Paid to the network from the same wallets in all; each fee rounded up to a millionth.
    network_fees: Decimal
    fees_paid: int

    @property
    def expected(self) -> tuple[Decimal, Decimal]:
        """Least and most that the wallets hold, had the house no money of its own."""
        settled = self.owed + self.uncredited - self.network_fees
        unknown_fees = LARGEST_FEE * self.transfers_under_way
        return settled - self.under_way - unknown_fees, settled + MICRO * self.fees_paid


@dataclass(frozen=True, slots=True)
class Treasury:
    """Holdings of the wallets, with the books before and after they were read."""

    held: Decimal
    first: Books
    last: Books

    @property
    def short(self) -> Decimal:
        """Amount that is certainly missing, 0 for none."""
        least = min(books.expected[0] for books in (self.first, self.last))
        return max(least - self.held, NOTHING)

    @property
    def own(self) -> tuple[Decimal, Decimal]:
        """Least and most of the house's own money in the wallets, including the network fees that it paid."""
        sides = [books.expected for books in (self.first, self.last)]
        return self.held - max(most for _, most in sides), self.held - min(least for least, _ in sides)

    def agrees(self) -> bool:
        if self.short:
            return False
        if not settings.TREASURY_OWN_USDC:
            return True
        lowest, highest = self.own
        return lowest <= exact_amount(settings.TREASURY_OWN_USDC, allow_zero=True) <= highest

    def ours(self) -> Side:
        books = {name: str(value) for name, value in asdict(self.last).items()}
        return {**books, "own": settings.TREASURY_OWN_USDC, "short": str(self.short)}

    def figures(self) -> Side:
        return {**self.ours(), "held": str(self.held)}


def read_treasury(provider: PaymentProvider, chain: Chain | None) -> Treasury | None:
    """Return the treasury now, None when the holdings of the wallets cannot be read.

    The books are read before and after, since transfers go on meanwhile.
    """
    first = _read_books()
    held = _held_in_wallets(provider, chain)
    return None if held is None else Treasury(held, first, _read_books())


def treasury_differences(treasury: Treasury | None) -> list[Difference]:
    if treasury is None or treasury.agrees():
        return []
    held: Side = {"held": str(treasury.held)}
    return [Difference(DiscrepancyBucket.TREASURY, SUBJECT, None, treasury.ours(), held)]


@in_unit
def _read_books() -> Books:
    limit_minutes(5)
    outside = Account.objects.get(pk=accounts.of_house(AccountName.OUTSIDE)).balance
    offered = Q(status=TransactionStatus.SUBMITTED) | Q(status=TransactionStatus.PENDING, retry_count__gt=0)
    sums = Transaction.objects.outgoing().aggregate(
        under_way=Sum("amount", filter=offered),
        count=Count("id", filter=offered),
        fees=Sum("fee"),
        paid=Count("id", filter=Q(fee__gt=0)),
    )
    records = _fees_of_records()
    waiting = ObservedTransfer.objects.filter(
        status__in=[ObservedStatus.SEEN, ObservedStatus.UNKNOWN_PLATFORM]
    )
    from_outside = waiting.exclude(from_wallet__in=own_wallets("").all)
    return Books(
        owed=-outside,
        under_way=sums["under_way"] or NOTHING,
        transfers_under_way=sums["count"] + records["under_way"],
        uncredited=from_outside.aggregate(all=Sum("amount"))["all"] or NOTHING,
        network_fees=(sums["fees"] or NOTHING) + (records["fees"] or NOTHING),
        fees_paid=sums["paid"] + records["paid"],
    )


def _fees_of_records() -> dict[str, Any]:
    """Return the network fees of records on the chain that the house's wallet has paid, how many, and how
    many are under way; an account that signs for itself pays its own."""
    spent = GasSpending.objects.exclude(provider=SIGNER)
    under_way = ChainOperation.objects.filter(is_in_flight=True).exclude(provider=SIGNER)
    return {**spent.aggregate(fees=Sum("fee"), paid=Count("id")), "under_way": under_way.count()}


def _held_in_wallets(provider: PaymentProvider, chain: Chain | None) -> Decimal | None:
    try:
        if chain is None:
            return _held_at_provider(provider)
        house = house_address(provider)
        return sum(chain.balances(own_wallets(house).all).values(), NOTHING)
    except ServiceUnavailable as error:
        logger.warning("the holdings of the wallets are not known: %s", error)
        return None


def _held_at_provider(provider: PaymentProvider) -> Decimal | None:
    kept = Platform.objects.exclude(wallet_id="").only("wallet_id")
    ids = [platform.wallet_id for platform in kept.order_by("pk")[: MOST_ONE_BY_ONE + 1]]
    if len(ids) > MOST_ONE_BY_ONE:
        return None
    return sum((provider.balance(wallet_id) for wallet_id in ["", *ids]), NOTHING)
