"""Custody wallets of platforms, to which nobody is paid out."""

from platforms.models import Platform
from workers.wallets.own_addresses import own_addresses


@own_addresses.register
def _is_of_a_platform(address: str) -> bool:
    return Platform.objects.filter(wallet_address=address).exists()
