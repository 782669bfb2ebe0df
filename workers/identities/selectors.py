from uuid import UUID

from workers.models import ChainIdentity


def find_identity(*, chain: str, address: str) -> ChainIdentity | None:
    """Return the identity with this account, of a worker who has proved their email address and is here."""
    found = ChainIdentity.objects.filter(chain=chain, address=address)
    return found.filter(worker__email_proved_at__isnull=False, worker__deleted_at=None).first()


def identities_of(*, worker_id: UUID) -> list[ChainIdentity]:
    """Return the worker's identities, the oldest first."""
    return list(ChainIdentity.objects.filter(worker_id=worker_id).order_by("created_at", "id"))
