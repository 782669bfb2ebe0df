"""A platform's address for withdrawals: proved by a signature, changed with a delay."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from audit import services as audit
from audit.services import verb
from gigstream.lib.clock import database_now
from platforms.errors import NoWithdrawalAddress, WithdrawalAddressRefused
from platforms.models import Platform
from platforms.services.parties import require_active
from platforms.withdrawal_addresses import WithdrawalAddress
from workers.errors import WalletNotProved
from workers.models import Worker
from workers.services.nonces import spend_nonce
from workers.tokens import SignedMessage


@dataclass(frozen=True, slots=True)
class WithdrawalAddresses:
    """The address that holds now, and the one that is to follow, if any."""

    current: WithdrawalAddress | None
    next: WithdrawalAddress | None


def withdrawal_addresses(*, platform_id: UUID, now: datetime) -> WithdrawalAddresses:
    """Return where the platform's withdrawals go at `now`, and where they will go."""
    own = WithdrawalAddress.objects.filter(platform=platform_id)
    return WithdrawalAddresses(
        own.filter(holds_from__lte=now).order_by("-holds_from").first(),
        own.filter(holds_from__gt=now).order_by("holds_from").first(),
    )


def require_withdrawal_address(*, platform_id: UUID, now: datetime) -> str:
    """Return the address that holds at `now`. Raises NoWithdrawalAddress, or WithdrawalAddressRefused where a
    worker or a custody wallet has taken the address since."""
    current = withdrawal_addresses(platform_id=platform_id, now=now).current
    if current is None:
        raise NoWithdrawalAddress("the platform has named no address for withdrawals")
    _require_own(current.address)
    return current.address


@verb("platform.set_withdrawal_address", "platform")
def set_withdrawal_address(
    *, platform_id: UUID, signed: SignedMessage, now: datetime | None = None
) -> WithdrawalAddresses:
    """Have withdrawals go to the address that signed: at once for a first one, after the delay for another,
    which takes the place of one that does not hold yet.

    Raises WalletNotProved when the nonce is not fresh, WithdrawalAddressRefused for an address of a worker or
    a custody wallet, or that the platform is suspended.
    """
    platform = Platform.objects.locked().get(pk=platform_id)
    require_active(platform)
    now = now or database_now()
    if not spend_nonce(signed.nonce, now):
        raise WalletNotProved("the nonce is spent or expired: ask for a new message")
    _require_own(signed.address)
    known = withdrawal_addresses(platform_id=platform_id, now=now)
    if known.next is not None:
        known.next.delete()
    if known.current is None or known.current.address != signed.address:
        first = known.current is None
        delay = timedelta(hours=0 if first else settings.WITHDRAWAL_ADDRESS_DELAY_HOURS)
        row = WithdrawalAddress.objects.create(
            platform=platform, address=signed.address, created_at=now, holds_from=now + delay
        )
        audit.record(
            "platform.set_withdrawal_address", platform, after={"holds_from": row.holds_from}, now=now
        )
    return withdrawal_addresses(platform_id=platform_id, now=now)


def _require_own(address: str) -> None:
    if Worker.objects.filter(wallet_address=address).exists():
        raise WithdrawalAddressRefused("a worker is paid at this address")
    if Platform.objects.filter(wallet_address=address).exists():
        raise WithdrawalAddressRefused("this is a wallet for deposits")
