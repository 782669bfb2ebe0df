from uuid import UUID

from workers.models import SocialAccount


def linked_accounts(*, worker_id: UUID) -> list[SocialAccount]:
    """Return the worker's linked accounts, by network."""
    return list(SocialAccount.objects.filter(worker_id=worker_id, unlinked_at=None).order_by("network"))


def linked_account(*, worker_id: UUID, network: str) -> SocialAccount | None:
    """Return the worker's linked account of the network, None where there is none."""
    return SocialAccount.objects.filter(worker_id=worker_id, network=network, unlinked_at=None).first()
