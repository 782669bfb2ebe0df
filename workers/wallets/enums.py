from django.db.models import TextChoices


class KeyType(TextChoices):
    """Types of keys of Cosmos accounts: the same curve, with other hashes for addresses and messages."""

    SECP256K1 = "secp256k1"
    ETHSECP256K1 = "ethsecp256k1"
