"""Switches by which staff stop payouts at once: all of them, a provider's, or those of a platform's workers.
They are read before every batch, so they hold from the next batch on; earnings go on."""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from audit.log import services as audit
from audit.log.services import verb
from audit.models import BookCheck
from gigstream.core.clock import database_now
from gigstream.core.people.staff_names import name_actor
from payments.ledger.errors import UnknownSubject
from payments.models import PaymentSwitch
from payments.settlement.provider import PROVIDER_NAMES
from payments.settlement.switches.enums import SwitchScope
from payments.settlement.switches.errors import SwitchedAlready
from platforms.models import Engagement, Platform

logger = logging.getLogger(__name__)

SYSTEM = "system"
RESTORING = "after a restore, until every payout that the provider has is on the books"
BROKEN = "the books do not hold: "


@verb("payments.stop", "paymentswitch")
def stop_payments(
    *, scope: SwitchScope, subject: str = "", reason: str, by: str, now: datetime | None = None
) -> PaymentSwitch:
    """Stop payouts of this scope: none is submitted to the provider any more, and those under way are polled.

    Raises SwitchedAlready when they are stopped, UnknownSubject when there is no such platform or provider.
    """
    now = now or database_now()
    if scope == SwitchScope.PLATFORM and not _is_platform(subject):
        raise UnknownSubject(f"there is no platform {subject!r}")
    if scope == SwitchScope.PROVIDER and subject not in PROVIDER_NAMES:
        raise UnknownSubject(f"there is no provider {subject!r}, only {', '.join(PROVIDER_NAMES)}")
    if PaymentSwitch.objects.filter(scope=scope, subject=subject, on_at=None).exists():
        raise SwitchedAlready(f"{scope} {subject}".strip() + " is stopped already")
    switch = PaymentSwitch(scope=scope, subject=subject, reason=reason, off_by=by, created_at=now)
    switch.save()
    after = {"scope": scope, "subject": subject}
    audit.record("payments.stop", switch, after=after, metadata={"reason": reason}, now=now)
    return switch


def stop_for_broken_books(*, names: Collection[str], now: datetime) -> PaymentSwitch | None:
    """Stop payouts because these invariants about money are violated; return None when they are stopped
    already.

    Staff who let payouts go on while an invariant is violated have decided so: it stops them again only after
    it has held in between, or when another is violated as well.
    """
    off = PaymentSwitch.objects.filter(scope=SwitchScope.PAYOUTS)
    if off.filter(on_at=None).exists():
        return None
    last = off.filter(off_by=SYSTEM).order_by("-created_at").first()
    new = sorted(name for name in names if last is None or not _is_decided(name, last))
    if not new:
        return None
    logger.error("payouts are stopped: the books do not hold: %s", ", ".join(new))
    return stop_payments(
        scope=SwitchScope.PAYOUTS, reason=BROKEN + ", ".join(sorted(names)), by=SYSTEM, now=now
    )


def _is_decided(name: str, switch: PaymentSwitch) -> bool:
    named = switch.reason.removeprefix(BROKEN).split(", ")
    held = BookCheck.objects.filter(name=name, violations=0, checked_at__gt=switch.created_at)
    return name in named and not held.exists()


@verb("payments.go_on", "paymentswitch")
def let_payments_go_on(
    *, scope: SwitchScope, subject: str = "", by: str, reason: str = "", now: datetime | None = None
) -> PaymentSwitch:
    """Let payouts of this scope go on. Raises SwitchedAlready when they were not stopped."""
    now = now or database_now()
    switch = PaymentSwitch.objects.locked().filter(scope=scope, subject=subject, on_at=None).first()
    if switch is None:
        raise SwitchedAlready(f"{scope} {subject}".strip() + " is not stopped")
    switch.on_at, switch.on_by = now, by
    switch.save()
    after = {"scope": scope, "subject": subject, "by": by}
    metadata = {"reason": reason} if reason else {}
    audit.record("payments.go_on", switch, after=after, metadata=metadata, now=now)
    return switch


def _is_platform(subject: str) -> bool:
    try:
        return Platform.objects.filter(pk=UUID(subject)).exists()
    except ValueError:
        return False


def are_stopped(provider: str) -> bool:
    """Whether no payout at all may be handed to this provider."""
    off = PaymentSwitch.objects.filter(on_at=None)
    return any(
        scope == SwitchScope.PAYOUTS or (scope == SwitchScope.PROVIDER and subject == provider)
        for scope, subject in off.values_list("scope", "subject")
    )


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop of payouts that is in force, as staff read it."""

    part: str
    since: datetime
    by: str
    reason: str


def stops_in_force() -> list[Stop]:
    """Return the stops in force, the oldest first, with the names of platforms."""
    off = list(PaymentSwitch.objects.filter(on_at=None).order_by("created_at"))
    names = names_of_platforms(off)
    return [
        Stop(stopped_part(switch, names), switch.created_at, name_actor(switch.off_by), switch.reason)
        for switch in off
    ]


def names_of_platforms(switches: Iterable[PaymentSwitch]) -> dict[UUID, str]:
    """Return the names of the platforms that are stopped, by at most one statement."""
    ids = [UUID(switch.subject) for switch in switches if switch.scope == SwitchScope.PLATFORM]
    return dict(Platform.objects.filter(pk__in=ids).values_list("pk", "name")) if ids else {}


def stopped_part(switch: PaymentSwitch, names: Mapping[UUID, str]) -> str:
    """Return which payouts a switch stops, in words."""
    if switch.scope == SwitchScope.PLATFORM:
        return f"Payouts to workers of {names.get(UUID(switch.subject), switch.subject)}"
    return f"Payouts by {switch.subject}" if switch.scope == SwitchScope.PROVIDER else "All payouts"


def is_restoring() -> bool:
    """Whether, after a restore, the provider may have payouts that are not on the books."""
    return PaymentSwitch.objects.filter(on_at=None, reason=RESTORING).exists()


def stopped_workers() -> QuerySet:
    """Return the workers who have worked for a platform that is stopped. Their earnings are a single balance,
    so none of it leaves while a part may be in question."""
    return Engagement.objects.filter(platform__in=stopped_platforms()).values("worker")


def stopped_platforms() -> list[UUID]:
    """Return the platforms whose workers' payouts and whose withdrawals are stopped."""
    off = PaymentSwitch.objects.filter(scope=SwitchScope.PLATFORM, on_at=None)
    return [UUID(subject) for subject in off.values_list("subject", flat=True)]
