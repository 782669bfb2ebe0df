from typing import Any

from platforms.events.payloads import money
from platforms.models import CreatorProfile, Work


def of_creator(creator: CreatorProfile) -> dict[str, Any]:
    """Return the creator without name and addresses, which go when the worker leaves: events stay."""
    return {
        "id": creator.pk,
        "worker_id": creator.worker_id,
        "status": creator.status,
        "created_at": creator.created_at,
        "verified_at": creator.verified_at,
        "closed_at": creator.closed_at,
    }


def of_work(work: Work) -> dict[str, Any]:
    """Return the work as it is now, without the platform's metadata."""
    return {
        "id": work.pk,
        "external_id": work.external_id,
        "creator_id": work.creator_id,
        "title": work.title,
        "kind": work.kind,
        "content_id": work.content_id,
        "price": money(work.price),
        "rate": money(work.rate),
        "published_on": work.published_on,
        "created_at": work.created_at,
        "withdrawn_at": work.withdrawn_at,
    }
