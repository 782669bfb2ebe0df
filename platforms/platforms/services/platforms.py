"""Platforms and their API keys: registration, status, fee, profile, departure."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from audit.database_identity.enums import DatabaseKind
from audit.database_identity.services import require_own_database, stored_identity
from audit.log import services as audit
from audit.log.services import verb
from audit.personal_changes.services import correct_profile, erase_personal_changes
from gigstream.api import idempotency
from gigstream.core.addresses import normal_address
from gigstream.core.clock import database_now
from gigstream.core.money import BPS
from gigstream.core.people.emails import normal_email
from gigstream.core.people.names import normal_name, optional_name
from platforms.catalogue.services.closing import close_catalogue
from platforms.events.services.endpoints import forget_endpoint
from platforms.invitations.services.consents import end_consents_of_platform
from platforms.models import DEFAULT_FEE_BPS, ApiKey, Platform
from platforms.platforms import scopes as api_scopes
from platforms.platforms.calculations import hash_key
from platforms.platforms.errors import (
    InvalidFee,
    InvalidRequestLimit,
    KeyEnded,
    PlatformDeleted,
    PlatformNameTaken,
    PlatformSuspended,
)
from platforms.signals import platforms_registered
from workers.departures import platform_departures

ROTATION_OVERLAP = timedelta(hours=24)
MOST_REQUESTS_PER_MINUTE = 100_000


@verb("platform.register", "platform")
def register_platform(
    *,
    name: str,
    contact_email: str,
    fee_bps: int = DEFAULT_FEE_BPS,
    wallet_address: str | None = None,
    wallet_id: str = "",
    now: datetime | None = None,
) -> Platform:
    """Register an active platform. `fee_bps` is added on top of the pay of its tasks.

    Raises InvalidFee, InvalidName, InvalidEmail, PlatformNameTaken or InvalidAddress.
    """
    now = now or database_now()
    require_fee(fee_bps=fee_bps)
    name, contact_email = normal_name(name), normal_email(contact_email)
    if Platform.objects.filter(name=name).exists():
        raise PlatformNameTaken(f"there is already a platform {name}")
    platform = Platform.objects.create(
        name=name,
        contact_email=contact_email,
        fee_bps=fee_bps,
        wallet_address=normal_address(wallet_address) if wallet_address else None,
        wallet_id=wallet_id,
        created_at=now,
    )
    audit.record("platform.register", platform, now=now)
    platforms_registered.send(sender=Platform, platforms=[platform])
    return platform


@verb("platform.give_wallet", "platform")
def give_wallet(
    *, platform_id: UUID, wallet_address: str, wallet_id: str, now: datetime | None = None
) -> bool:
    """Give a platform without an address this custody wallet for deposits; return whether it was given: not
    to a platform that has an address or has left."""
    platform = Platform.objects.locked().get(pk=platform_id)
    if platform.wallet_address is not None or platform.deleted_at is not None:
        return False
    platform.wallet_address, platform.wallet_id = normal_address(wallet_address), wallet_id
    platform.save(update_fields=["wallet_address", "wallet_id", "updated_at"])
    audit.record("platform.give_wallet", platform, now=now)
    return True


@verb("platform.suspend", "platform")
def suspend_platform(*, platform_id: UUID, reason: str) -> Platform:
    """Suspend the platform: it posts no work and moves no money. Work under way is still paid from escrow."""
    return _set_active(platform_id, active=False, action="platform.suspend", reason=reason)


@verb("platform.reinstate", "platform")
def reinstate_platform(*, platform_id: UUID, reason: str) -> Platform:
    """End the platform's suspension."""
    return _set_active(platform_id, active=True, action="platform.reinstate", reason=reason)


def _set_active(platform_id: UUID, *, active: bool, action: str, reason: str) -> Platform:
    platform = Platform.objects.locked_alone().get(pk=platform_id)
    require_present(platform=platform)
    before, platform.is_active = platform.is_active, active
    platform.save(update_fields=["is_active", "updated_at"])
    audit.record(
        action,
        platform,
        before={"is_active": before},
        after={"is_active": active},
        metadata={"reason": reason},
    )
    return platform


@verb("platform.set_fee", "platform")
def set_fee(*, platform_id: UUID, fee_bps: int, reason: str = "") -> Platform:
    """Set the fee of tasks posted from now on. Raises InvalidFee, PlatformDeleted or PlatformSuspended."""
    require_fee(fee_bps=fee_bps)
    platform = Platform.objects.locked().get(pk=platform_id)
    require_active(platform=platform)
    before, platform.fee_bps = platform.fee_bps, fee_bps
    platform.save(update_fields=["fee_bps", "updated_at"])
    audit.record(
        "platform.set_fee",
        platform,
        before={"fee_bps": before},
        after={"fee_bps": fee_bps},
        metadata={"reason": reason},
    )
    return platform


@verb("platform.set_request_limits", "platform")
def set_request_limits(
    *, platform_id: UUID, per_key: int | None, together: int | None, reason: str = ""
) -> Platform:
    """Set how many API requests a minute each key of the platform, and all its keys together, may make.

    None is the settings' limit. Raises InvalidRequestLimit or PlatformDeleted.
    """
    most = MOST_REQUESTS_PER_MINUTE
    for limit in (per_key, together):
        if limit is not None and not 1 <= limit <= most:
            raise InvalidRequestLimit(f"{limit} requests a minute are outside 1 to {most}", limit=limit)
    platform = Platform.objects.locked().get(pk=platform_id)
    require_present(platform=platform)
    before = {"per_key": platform.key_requests_per_minute, "together": platform.requests_per_minute}
    platform.key_requests_per_minute, platform.requests_per_minute = per_key, together
    platform.save(update_fields=["key_requests_per_minute", "requests_per_minute", "updated_at"])
    audit.record(
        "platform.set_request_limits",
        platform,
        before=before,
        after={"per_key": per_key, "together": together},
        metadata={"reason": reason},
    )
    return platform


def require_fee(*, fee_bps: int) -> None:
    """Raise InvalidFee unless the fee is from 0 to 10,000 basis points."""
    if not 0 <= fee_bps <= BPS:
        raise InvalidFee(f"a fee of {fee_bps} bps is outside 0 to {BPS}", fee_bps=fee_bps)


@verb("platform.edit", "platform")
def correct_platform(*, platform_id: UUID, values: Mapping[str, str], reason: str) -> Platform:
    """Write these values of the platform's profile; the old ones are kept with the reason, encrypted, until
    the platform is erased. Raises InvalidName, PlatformDeleted or ReasonMissing."""
    platform = Platform.objects.locked().get(pk=platform_id)
    require_present(platform=platform)
    if "name" in values:
        values = {**values, "name": normal_name(values["name"])}
    correct_profile(platform, action="platform.edit", values=values, reason=reason)
    return platform


@verb("platform.delete", "platform")
def delete_platform(*, platform_id: UUID) -> None:
    """Delete the platform; with money history, anonymise it and mark it deleted. Its keys and its webhook
    stop working.

    Raises a Refusal while it has tasks that are not over, or money.
    """
    platform = Platform.objects.locked_alone().get(pk=platform_id)
    require_present(platform=platform)
    platform_departures.require_finished(platform)
    now = database_now()
    idempotency.delete_responses(caller=f"platform:{platform.pk}")
    audit.record("platform.delete", platform)
    erase_personal_changes(resource_type="platform", resource_id=platform.pk)
    forget_endpoint(platform, now=now)
    platform.invitations.all().delete()
    platform.withdrawal_addresses.all().delete()
    end_consents_of_platform(platform=platform, now=now)
    close_catalogue(platform=platform, now=now)
    platform.api_keys.filter(revoked_at=None).update(revoked_at=now)
    platform.delete()


def lock_active_platform(*, platform_id: UUID) -> Platform:
    """Lock the platform and return it as it is now. Raises PlatformDeleted or PlatformSuspended unless it may
    post work and move money; from here on that stays so until the transaction ends."""
    platform = Platform.objects.locked().get(pk=platform_id)
    require_active(platform=platform)
    return platform


def require_active(*, platform: Platform) -> None:
    """Raise PlatformDeleted or PlatformSuspended unless the platform may post work and move money."""
    require_present(platform=platform)
    if not platform.is_active:
        raise PlatformSuspended(f"platform {platform.reference} is suspended")


def require_present(*, platform: Platform) -> None:
    if platform.deleted_at is not None:
        raise PlatformDeleted(
            f"platform {platform.reference} was deleted", deleted_at=platform.deleted_at.isoformat()
        )


@verb("api_key.create", "platform")
def create_api_key(
    *,
    platform_id: UUID,
    name: str = "",
    scopes: Sequence[str] | None = None,
    expires_at: datetime | None = None,
    prefix: str | None = None,
    secret: str | None = None,
    reason: str = "",
) -> tuple[ApiKey, str]:
    """Make a key of the platform, `gs_test_…` or `gs_live_…` by the kind of the database; return it with its
    full text, which is never stored.

    Without `scopes` it may do everything but withdraw money. `prefix` and `secret` are chosen at random; only
    a demo gives its own. Raises PlatformDeleted or PlatformSuspended.
    """
    require_own_database()
    api_scopes.require_registered(scopes or ())
    platform = Platform.objects.locked().get(pk=platform_id)
    require_active(platform=platform)
    is_live = stored_identity().kind == DatabaseKind.LIVE
    prefix = prefix or secrets.token_hex(6)
    text = f"gs_{'live' if is_live else 'test'}_{prefix}_{secret or secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        platform=platform,
        name=optional_name(name),
        prefix=prefix,
        secret_hash=hash_key(text),
        is_live=is_live,
        scopes=api_scopes.default_scopes() if scopes is None else list(scopes),
        expires_at=expires_at,
    )
    audit.record(
        "api_key.create",
        platform,
        after={"prefix": key.prefix, "is_live": is_live, "scopes": key.scopes},
        metadata={"reason": reason} if reason else None,
    )
    return key, text


@verb("api_key.rotate", "api_key")
def rotate_api_key(*, key_id: int, reason: str = "", now: datetime | None = None) -> tuple[ApiKey, str]:
    """Make a new key beside the old key, which stops working after 24 hours. Raises KeyEnded."""
    now = now or database_now()
    key = ApiKey.objects.locked().get(pk=key_id)
    end = now + ROTATION_OVERLAP
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        raise KeyEnded(f"the key {key.prefix} was revoked or has expired", prefix=key.prefix)
    key.expires_at = min(key.expires_at or end, end)
    key.save(update_fields=["expires_at"])
    audit.record("api_key.rotate", key, after={"expires_at": key.expires_at}, metadata={"reason": reason})
    return create_api_key(platform_id=key.platform_id, name=key.name, scopes=key.scopes)


@verb("api_key.revoke", "api_key")
def revoke_api_key(*, key_id: int, reason: str = "", now: datetime | None = None) -> ApiKey:
    """Revoke the key, from now on."""
    key = ApiKey.objects.locked().get(pk=key_id)
    key.revoked_at = key.revoked_at or now or database_now()
    key.save(update_fields=["revoked_at"])
    audit.record("api_key.revoke", key, metadata={"reason": reason})
    return key
