"""The house's own wallet, to which nobody is paid out."""

import logging

from payments.provider import configured_provider
from payments.provider.protocol import ProviderUnavailable
from payments.services.custody import house_address
from workers.payout_addresses import own_addresses

logger = logging.getLogger(__name__)


@own_addresses.register
def _is_the_houses(address: str) -> bool:
    """Whether the house pays from there. While the provider is away nobody knows; the signature that an
    address needs as well is one that the provider does not give."""
    try:
        return house_address(configured_provider()).lower() == address
    except ProviderUnavailable as error:
        logger.warning("the house's address is not known: %s", type(error).__name__)
        return False
