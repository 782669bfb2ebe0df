"""The custody service that moves USDC on chain, behind one protocol."""

from django.conf import settings
from django.utils.module_loading import import_string

from audit.database_identity.services import require_own_database
from payments.settlement.provider.protocol import PaymentProvider

# The names of providers in transfers, attempts and switches.
PROVIDER_NAMES = ("circle", "sandbox")


def configured_provider() -> PaymentProvider:
    """Return the provider that the settings name. Raises DatabaseMismatch when the database has
    another."""
    require_own_database()
    provider: PaymentProvider = import_string(settings.PAYMENT_PROVIDER)()
    return provider
