"""The house's own wallet, which is no payout address."""

import logging

from gigstream.remote_calls.errors import ServiceUnavailable
from payments.settlement.custody.services import house_address
from payments.settlement.provider import configured_provider
from workers.wallets.own_addresses import own_addresses

logger = logging.getLogger(__name__)


@own_addresses.register
def _is_house_address(address: str) -> bool:
    """Whether the house pays from this address. False while the provider is unavailable: an address needs a
    signature as well, which the provider does not give."""
    try:
        return house_address(configured_provider()).lower() == address
    except ServiceUnavailable as error:
        logger.warning("the house's address is not known: %s", type(error).__name__)
        return False
