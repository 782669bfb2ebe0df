"""Artificial use: plays that rules find are left out of pay until a person decides, or for 30 days."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final
from uuid import UUID

from audit.decisions.services import Case, decide
from audit.log import services as audit
from audit.log.context import current_actor
from audit.log.reasons import require_reason
from audit.log.services import verb
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.states import require_move
from gigstream.core.unit import in_unit
from platforms.models import CreatorDay, Platform, PlatformDay, UsageFinding, UsageRule
from platforms.platforms.services.platforms import require_present
from platforms.signals import usage_findings_changed
from platforms.usage.calculations.periods import HELD_AT_MOST, last_settled
from platforms.usage.enums import FINDING_MOVES, FindingStatus, RuleKind
from platforms.usage.errors import FindingNotFound, FindingNotOpen, InvalidContest
from platforms.usage.finality import find_final
from platforms.usage.selectors import thresholds_of, unjudged_days
from platforms.usage.services.locks import share_usage
from platforms.usage.vocabulary import ARTIFICIAL_USE, ARTIFICIAL_USE_DECIDED

DAYS_AT_ONCE: Final = 1_000
LONGEST_CONTEST: Final = 1_000


def find_artificial_use(*, now: datetime | None = None) -> int:
    """Apply each platform's rules to the days that have settled and have changed since they were last looked
    at, as by late reports, and end findings that nobody has decided for 30 days: their plays are paid. Return
    how many findings were made or ended."""
    now = now or database_now()
    settled = last_settled(now)
    changed = unjudged_days().filter(day__lte=settled)
    rows = changed.order_by("-day", "platform").select_related("platform")[:DAYS_AT_ONCE]
    made = sum(mark_day(platform_id=row.platform.pk, day=row.day, now=now) for row in rows)
    return made + _end_old_findings(now)


@in_unit
def mark_day(*, platform_id: UUID, day: date, now: datetime) -> int:
    """Mark the plays of the day that the platform's rules find, with a decision for each creator and rule;
    return how many these were. Plays that were found before stay as they were decided, and those of a creator
    whose day is final are paid."""
    platform = Platform.objects.get(pk=platform_id)
    share_usage(platform)
    # A change that comes meanwhile is not seen by this number, and leads to another look.
    seen = PlatformDay.objects.filter(platform=platform, day=day)
    changes = seen.values_list("changes", flat=True).first()
    thresholds = thresholds_of(platform)
    rows = sql.run(
        "platforms/usage/mark_plays",
        platform=platform.number,
        day=day,
        kinds=[str(kind) for kind in thresholds],
        thresholds=list(thresholds.values()),
        final=_find_final_creators(platform, day),
        now=now,
    )
    findings = UsageFinding.objects.filter(pk__in=[row["id"] for row in rows]).order_by("pk")
    cases = [_case_of(finding) for finding in findings.select_related("creator")]
    decide(ARTIFICIAL_USE, *cases, now=now)
    _announce(findings, now)
    PlatformDay.unguarded.filter(platform=platform, day=day).update(changes_judged=changes)
    return len(cases)


def _find_final_creators(platform: Platform, day: date) -> list[int]:
    """Return the numbers of the platform's creators whose pay of the day is final."""
    of_day = CreatorDay.objects.filter(creator__platform=platform, day=day, plays__gt=0)
    days = {(number, day) for number in of_day.values_list("creator__number", flat=True)}
    return [creator for creator, _ in find_final(days)]


def _announce(findings: Iterable[UsageFinding], now: datetime) -> None:
    """Announce findings that were made or decided: what they leave out of pay has changed."""
    changed = list(findings)
    if changed:
        usage_findings_changed.send(sender=UsageFinding, findings=changed, now=now)


def _case_of(finding: UsageFinding) -> Case:
    kind = RuleKind(finding.kind)
    return Case(
        subject=finding,
        worker_id=finding.creator.worker_id,
        outcome="held",
        inputs={
            "day": finding.day.isoformat(),
            "kind": str(kind),
            "threshold": finding.threshold,
            "plays": finding.plays,
        },
        sentence=(
            f"{finding.plays} plays on {finding.day} are not paid for now: {kind.explain(finding.threshold)}."
        ),
    )


@in_unit
def _end_old_findings(now: datetime) -> int:
    old = UsageFinding.objects.filter(status=FindingStatus.HELD, found_at__lte=now - HELD_AT_MOST)
    ended = list(old.locked().select_related("creator"))
    for finding in ended:
        _close(finding, FindingStatus.LAPSED, "nobody has decided within 30 days", "system", now)
    _announce(ended, now)
    return len(ended)


def _close(finding: UsageFinding, status: FindingStatus, reason: str, decided_by: str, now: datetime) -> None:
    finding.status, finding.reason, finding.decided_by, finding.decided_at = status, reason, decided_by, now
    finding.save(update_fields=["status", "reason", "decided_by", "decided_at"])


@verb("usage_finding.decide", "usagefinding")
def decide_finding(
    *, finding_id: int, is_artificial: bool, reason: str, now: datetime | None = None
) -> UsageFinding:
    """Decide whether the plays were artificial: if so they are never paid, else they are paid. Raises
    ReasonMissing or FindingNotOpen."""
    now, reason = now or database_now(), require_reason(reason)
    finding = UsageFinding.objects.locked().select_related("creator").get(pk=finding_id)
    status = FindingStatus.CONFIRMED if is_artificial else FindingStatus.DISMISSED
    _require_open(finding)
    require_move(FINDING_MOVES, subject=str(finding), before=finding.status, after=status)
    _close(finding, status, reason, str(current_actor()), now)
    outcome = "they are not paid" if is_artificial else "they are paid"
    case = Case(
        subject=finding,
        worker_id=finding.creator.worker_id,
        outcome=str(status),
        inputs={
            "day": finding.day.isoformat(),
            "kind": str(finding.kind),
            "plays": finding.plays,
            "contest": finding.contest,
        },
        sentence=f"{finding.plays} plays on {finding.day}: {outcome}.",
        reason=reason,
    )
    decide(ARTIFICIAL_USE_DECIDED, case, now=now)
    audit.record(
        "usage_finding.decide", finding, after={"status": status}, metadata={"reason": reason}, now=now
    )
    _announce([finding], now)
    return finding


def _require_open(finding: UsageFinding) -> None:
    if finding.status != FindingStatus.HELD:
        raise FindingNotOpen(f"the finding is {finding.status}", status=finding.status)


@verb("usage_finding.contest", "worker")
def contest_finding(
    *, worker_id: UUID, finding_id: int, contest: str, now: datetime | None = None
) -> UsageFinding:
    """Keep what the creator says about a finding, for the person who decides. Raises FindingNotFound for
    one of somebody else, FindingNotOpen or InvalidContest."""
    now, text = now or database_now(), contest.strip()
    if not 1 <= len(text) <= LONGEST_CONTEST:
        raise InvalidContest(f"give 1 to {LONGEST_CONTEST} characters, not {len(text)}")
    own = UsageFinding.objects.filter(pk=finding_id, creator__worker=worker_id)
    finding = own.locked().first()
    if finding is None:
        raise FindingNotFound("there is no such finding that you may see")
    _require_open(finding)
    finding.contest, finding.contested_at = text, now
    finding.save(update_fields=["contest", "contested_at"])
    audit.record("usage_finding.contest", finding, now=now)
    return finding


@verb("usage_rule.set", "platform")
def set_usage_rule(
    *, platform_id: UUID, kind: RuleKind, threshold: int, reason: str, now: datetime | None = None
) -> UsageRule:
    """Have the rule hold with this threshold on the platform from now on; 0 switches it off. Raises
    ReasonMissing or PlatformDeleted."""
    now, reason = now or database_now(), require_reason(reason)
    platform = Platform.objects.get(pk=platform_id)
    require_present(platform=platform)
    rule = UsageRule(
        created_at=now,
        platform=platform,
        kind=kind,
        threshold=threshold,
        decided_by=str(current_actor()),
        reason=reason,
    )
    rule.save(force_insert=True)
    audit.record(
        "usage_rule.set",
        rule,
        after={"kind": kind, "threshold": threshold},
        metadata={"platform": platform.pk, "reason": reason},
        now=now,
    )
    return rule
