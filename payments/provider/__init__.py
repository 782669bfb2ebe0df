"""The custody service that moves USDC on chain, behind one protocol."""

from django.conf import settings
from django.utils.module_loading import import_string

from audit.database_identity import require_own_database
from payments.provider.protocol import PaymentProvider

# The names by which transfers, attempts and switches tell providers apart.
PROVIDER_NAMES = ("circle", "sandbox")


def configured_provider() -> PaymentProvider:
    """The provider that the settings name. Raises DatabaseMismatch when the database has another one."""
    require_own_database()
    provider: PaymentProvider = import_string(settings.PAYMENT_PROVIDER)()
    return provider
