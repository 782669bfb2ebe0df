"""Records of the demo on the chain: numbers of the music platform's creators, and its paid distributions."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from audit.log.context import Actor, acting
from audit.log.enums import ActorType
from payments import services as payments
from payments.oracle.services.providers import Oracle, oracle_of
from payments.settlement.provider.protocol import PaymentProvider
from platforms import services as platforms
from platforms.catalogue.enums import CreatorStatus
from platforms.models import CreatorProfile, Platform

# From the run that finds the moved numbers until the chain has shown them.
TURNS, TURN = 6, timedelta(seconds=30)


def write_to_chain(
    platform: Platform, provider_at: Callable[[datetime], PaymentProvider], *, at: datetime
) -> int:
    """Give each creator of the platform an address for metrics, and have what is known of them written and
    read back from `at` on; return how many creators were written. Without a contract nobody is."""
    with acting(Actor(ActorType.PLATFORM, str(platform.pk))):
        for creator in CreatorProfile.objects.filter(platform=platform).open().order_by("number"):
            _prepare(creator, at)
    oracle = oracle_of(provider_at(at))
    written = payments.sync_metrics(platform_id=platform.pk, now=at, oracle=oracle)
    payments.record_distributions(now=at, oracle=oracle)
    for turn in range(1, TURNS + 1):
        _advance(oracle_of(provider_at(at + turn * TURN)), at + turn * TURN)
    return written


def _prepare(creator: CreatorProfile, at: datetime) -> None:
    """Verify the creator, who gets an address that follows from the name."""
    if creator.status == CreatorStatus.PENDING:
        platforms.verify_creator(creator_id=creator.pk, now=at)
    if not creator.metrics_address:
        digest = hashlib.sha256(f"metrics {creator.display_name}".encode()).hexdigest()
        changes = {"metrics_address": f"0x{digest[:40]}"}
        platforms.change_creator(creator_id=creator.pk, changes=changes, now=at)


def _advance(oracle: Oracle, at: datetime) -> None:
    payments.submit_operations(now=at, oracle=oracle)
    payments.follow_operations(now=at, oracle=oracle)
