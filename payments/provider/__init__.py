"""The custody service that moves USDC on chain, behind one protocol."""

from django.conf import settings
from django.utils.module_loading import import_string

from payments.provider.protocol import PaymentProvider


def configured_provider() -> PaymentProvider:
    """The provider that the settings name."""
    provider: PaymentProvider = import_string(settings.PAYMENT_PROVIDER)()
    return provider
