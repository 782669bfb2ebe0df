"""A platform's address for withdrawals: proved by a signature, changed with a delay."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from platforms.models import Platform
from platforms.platforms.services.platforms import require_active
from platforms.withdrawal_addresses.errors import NoWithdrawalAddress, WithdrawalAddressRefused
from platforms.withdrawal_addresses.models import WithdrawalAddress
from workers.models import Worker
from workers.sign_in.tokens import SignedMessage
from workers.wallets.errors import WalletNotProved
from workers.wallets.services.nonces import spend_nonce


@dataclass(frozen=True, slots=True)
class WithdrawalAddresses:
    """The address that holds now, and the address that is to follow, if any."""

    current: WithdrawalAddress | None
    next: WithdrawalAddress | None


def withdrawal_addresses(*, platform_id: UUID, now: datetime) -> WithdrawalAddresses:
    """Return the platform's withdrawal address at `now`, and the address that is to follow."""
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
    """Set the withdrawal address to the address that signed: at once for the first, after the delay for
    another, which replaces an address that does not hold yet.

    Raises WalletNotProved when the nonce is not fresh, WithdrawalAddressRefused for an address of a worker or
    a custody wallet, PlatformDeleted or PlatformSuspended.
    """
    platform = Platform.objects.locked().get(pk=platform_id)
    require_active(platform=platform)
    now = now or database_now()
    if not spend_nonce(nonce=signed.nonce, now=now):
        raise WalletNotProved("the nonce is spent or expired: request a new message")
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
