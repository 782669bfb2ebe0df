"""Requests about milestones of creators, and ways to meet their refusals."""

from datetime import timedelta
from typing import Any

from gigstream.core.clock import database_now
from platforms.models import CreatorProfile
from reputation.milestones import services
from reputation.milestones.models import MilestoneRule
from tests.support.api.asks import Ask, numbers, request_for
from tests.support.creators.catalogue import creator, work
from tests.support.creators.milestones import rule, value, with_token
from tests.support.creators.usage import accepted, event, have_months
from tests.support.factories import PlatformFactory

PLAYS = {"metric": "plays", "window": "all_time", "threshold": "50000"}
REVENUE = {"metric": "revenue", "window": "month", "threshold": "100.5"}


def _own_rule() -> MilestoneRule:
    now = database_now()
    platform = PlatformFactory.create(now=now)
    return rule(platform, ("plays", "all_time", 1), ("revenue", "month", "0.5"), now=now)


def _creator() -> CreatorProfile:
    """Return a creator who has reached a milestone, with a token that was worth something an hour ago."""
    now = database_now()
    have_months(now)
    before = now - timedelta(hours=2)
    platform = PlatformFactory.create(now=before)
    rule(platform, ("plays", "all_time", 1), now=before)
    of = with_token(creator(platform, now=before), now=before)
    accepted(platform, event(work(of, now=before), at=now), now=now)
    value(of, "1000", at=now - timedelta(hours=1))
    return of


def _rule_body(**more: Any) -> dict[str, Any]:
    return {
        "name": f"heard_{next(numbers)}",
        "description": "Heard by many",
        "action": "eligible",
        "conditions": [PLAYS],
        **more,
    }


@request_for("list_milestone_rules")
def _() -> Ask:
    return Ask(_own_rule().platform, "milestone-rules")


@request_for("create_milestone_rule")
def _() -> Ask:
    platform = PlatformFactory.create(now=database_now())
    return Ask(platform, "milestone-rules", _rule_body(), _rule_body(conditions=[PLAYS, REVENUE]))


@request_for("get_milestone_rule")
def _() -> Ask:
    made = _own_rule()
    return Ask(made.platform, f"milestone-rules/{made.pk}")


@request_for("change_milestone_rule")
def _() -> Ask:
    made = _own_rule()
    bodies = [{"description": words, "conditions": [PLAYS]} for words in ("Heard by more", "Heard by all")]
    return Ask(made.platform, f"milestone-rules/{made.pk}/versions", *bodies)


@request_for("retire_milestone_rule")
def _() -> Ask:
    made = _own_rule()
    return Ask(made.platform, f"milestone-rules/{made.pk}/retire", {})


@request_for("list_milestones")
def _() -> Ask:
    return Ask(_creator().platform, "milestones")


@request_for("get_creator_progress")
def _() -> Ask:
    of = _creator()
    return Ask(of.platform, f"creators/{of.pk}/milestones")


@request_for("list_token_values")
def _() -> Ask:
    of = _creator()
    return Ask(of.platform, f"creators/{of.pk}/token-values")


@request_for("report_token_value")
def _() -> Ask:
    of, now = _creator(), database_now()
    bodies = [
        {
            "amount": amount,
            "currency": "ETH",
            "rate": "2500.5",
            "as_of": (now - timedelta(minutes=5)).isoformat(),
        }
        for amount in ("0.4", "0.5")
    ]
    return Ask(of.platform, f"creators/{of.pk}/token-values", *bodies)


@request_for("list_my_milestones")
def _() -> Ask:
    return Ask(_creator().worker, "me/milestones")


@request_for("get_my_progress")
def _() -> Ask:
    return Ask(_creator().worker, "me/milestones/progress")


def _meet_exists(g: Any) -> Any:
    body = _rule_body()
    return [g.api.post("milestone-rules", body) for _ in range(2)][-1]


def _meet_retired(g: Any) -> Any:
    made = rule(g.platform, ("plays", "all_time", 1), now=g.now)
    services.retire_milestone_rule(rule_id=made.pk, now=g.now)
    return g.api.post(f"milestone-rules/{made.pk}/retire", {})


def _value_of(of: CreatorProfile, g: Any, *, minutes: int) -> Any:
    at = (g.now + timedelta(minutes=minutes)).isoformat()
    body = {"amount": "1", "currency": "USDC", "rate": "1", "as_of": at}
    return g.api.post(f"creators/{of.pk}/token-values", body)


CODES = {
    ("milestone_rule_exists", 409): _meet_exists,
    ("milestone_rule_retired", 409): _meet_retired,
    ("invalid_milestone_rule", 422): lambda g: g.api.post(
        "milestone-rules", _rule_body(conditions=[PLAYS, PLAYS])
    ),
    ("creator_has_no_token", 409): lambda g: _value_of(
        creator(g.platform, g.worker, now=g.now), g, minutes=-1
    ),
    ("invalid_token_value", 422): lambda g: _value_of(
        with_token(creator(g.platform, g.worker, now=g.now), now=g.now), g, minutes=60
    ),
}
