"""Milestones of creators: rules, totals, values of tokens, and requests about them."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from gigstream.core.clock import database_now
from payments.models import ChainOperation
from platforms.models import CreatorProfile, Platform
from reputation.milestones import services
from reputation.models import (
    CreatorMilestone,
    CreatorTotal,
    MilestoneCondition,
    MilestoneRule,
    TokenValue,
)
from tests.support.api.asks import Ask, numbers, request_for
from tests.support.creators.catalogue import creator, work
from tests.support.creators.milestones import follow, rule, value, with_token
from tests.support.creators.usage import accepted, event, have_months, void
from tests.support.database import valid_rows
from tests.support.database.breaks import breaks, run, unguard
from tests.support.database.rich_history import History
from tests.support.factories import NOW as AT
from tests.support.factories import PlatformFactory
from tests.support.oracle.creators import on_chain

MONTH = date(2026, 3, 1)
PLAYS = {"metric": "plays", "window": "all_time", "threshold": "50000"}
REVENUE = {"metric": "revenue", "window": "month", "threshold": "100.5"}


def _row(model: type[Any]) -> Any:
    return valid_rows.insert(valid_rows.valid(model))


ROWS = {
    MilestoneRule: lambda: {
        "created_at": AT,
        "platform": PlatformFactory.create(),
        "name": f"row_{next(numbers)}",
        "version": next(numbers),
        "description": "Heard by many",
        "action": "eligible",
    },
    MilestoneCondition: lambda: {
        "rule": _row(MilestoneRule),
        "metric": "plays",
        "window": "all_time",
        "threshold": Decimal(5),
    },
    CreatorMilestone: lambda: {
        "created_at": AT,
        "creator": creator(),
        "rule": _row(MilestoneRule),
        "description": "Heard by many",
        "action": "create_token",
        "current_value": {},
        "month": MONTH,
        "reached_at": AT,
        "status": "waiting",
        "next_attempt_at": AT,
    },
    CreatorTotal: lambda: {"creator": creator(), "plays": 3},
    TokenValue: lambda: {
        "created_at": AT,
        "creator": creator(),
        "amount": Decimal(10),
        "currency": "USDC",
        "rate": Decimal(1),
        "market_value": Decimal(10),
        "as_of": AT,
    },
}


def _columns_of(status: str) -> dict[str, Any]:
    if status == "waiting":
        return {}
    if status == "refused":
        return {"next_attempt_at": None, "trouble": "has_token"}
    return {"next_attempt_at": None, "trouble": "", "operation": _row(ChainOperation)}


STATUSES = {CreatorMilestone: _columns_of}
BROKEN: list[tuple[str, type[Any], dict[str, Any]]] = [
    ("milestone_rule_name_well_formed", MilestoneRule, {"name": "Big Rule"}),
    ("milestone_rule_version_from_1", MilestoneRule, {"version": 0}),
    ("milestone_rule_described", MilestoneRule, {"description": ""}),
    ("milestone_rule_described", MilestoneRule, {"description": "a\u202eb"}),
    ("milestone_rule_action_known", MilestoneRule, {"action": "party"}),
    ("milestone_condition_metric_known", MilestoneCondition, {"metric": "fame"}),
    ("milestone_condition_window_known", MilestoneCondition, {"window": "week"}),
    ("milestone_condition_threshold_positive", MilestoneCondition, {"threshold": Decimal(0)}),
    ("milestone_condition_counts_whole_numbers", MilestoneCondition, {"threshold": Decimal("1.5")}),
    (
        "creator_milestone_action_known",
        CreatorMilestone,
        {"action": "party", "status": "done", "next_attempt_at": None},
    ),
    ("creator_milestone_trouble_fits_its_status", CreatorMilestone, {"trouble": "has_token"}),
    (
        "creator_milestone_trouble_fits_its_status",
        CreatorMilestone,
        {"status": "refused", "next_attempt_at": None},
    ),
    ("creator_milestone_waits_for_a_token_alone", CreatorMilestone, {"action": "eligible"}),
    (
        "creator_milestone_has_the_operation_of_its_token",
        CreatorMilestone,
        {"status": "done", "next_attempt_at": None},
    ),
    ("creator_milestone_waits_until_a_time", CreatorMilestone, {"next_attempt_at": None}),
    ("creator_milestone_noted_as_a_whole", CreatorMilestone, {"note": "plays fell"}),
    ("creator_milestone_noted_as_a_whole", CreatorMilestone, {"noted_at": AT}),
    ("creator_milestone_of_a_month", CreatorMilestone, {"month": date(2026, 3, 2)}),
    *[
        ("creator_total_not_below_zero", CreatorTotal, {name: -1})
        for name in ("plays", "comments", "shares", "purchases", "revenue")
    ],
    ("token_value_in_range", TokenValue, {"amount": Decimal(-1)}),
    ("token_value_in_range", TokenValue, {"rate": Decimal(0)}),
    ("token_value_in_range", TokenValue, {"market_value": Decimal(-1)}),
    ("token_value_currency_well_formed", TokenValue, {"currency": "usd"}),
]
REPEATED: list[tuple[str, type[Any], tuple[str, ...], dict[str, Any]]] = [
    ("milestone_rule_version_once", MilestoneRule, ("platform", "name", "version"), {"retired_at": AT}),
    ("milestone_rule_one_in_force", MilestoneRule, ("platform", "name"), {}),
    ("milestone_condition_once", MilestoneCondition, ("rule", "metric", "window"), {}),
    ("creator_milestone_once", CreatorMilestone, ("creator", "rule"), {}),
    ("token_value_once_per_time", TokenValue, ("creator", "as_of"), {}),
]


def _sees_a_milestone_reached(platform: Platform) -> None:
    have_months()
    rule(platform, ("plays", "all_time", 1))
    accepted(platform, event(work(creator(platform))))


EVENTS = [_sees_a_milestone_reached]


def _reach_milestones(h: History) -> None:
    """Reach milestones of each action, request a token, and take plays back again."""
    have_months(h.now)
    heard = rule(h.platform, ("plays", "all_time", 2), ("followers", "all_time", 1), now=h.later())
    rule(h.platform, ("revenue", "month", 4), action="revenue_sharing", now=h.later())
    rule(None, ("likes", "30_days", 1), action="create_token", name="liked", now=h.later())
    of = with_token(creator(h.platform, now=h.later()), now=h.later())
    song = work(of, now=h.later(), external_id="reaching")
    follow(of, "ann", now=h.later())
    at = h.later()
    first, _ = accepted(h.platform, event(song, at=at), event(song, at=at, listener="bob"), now=at)
    accepted(h.platform, event(song, "tip", at=at), now=h.later())
    value(of, "20", at=h.later())
    void(h.platform, first, now=h.later())
    services.change_milestone_rule(
        rule_id=heard.pk,
        description="Heard by some",
        conditions=[one.as_condition for one in heard.conditions.all()],
        now=h.later(),
    )
    liked = work(on_chain(h.platform, now=h.later()), now=h.later(), external_id="liked")
    at = h.later()
    accepted(h.platform, event(liked, "like", at=at), now=at)
    if services.act_on_milestones(now=h.later()) != 1:
        raise AssertionError("no token was requested")


HISTORIES = [_reach_milestones]


@breaks("creator_totals_are_the_sums_of_their_days")
def a_total_that_no_day_has(h: History) -> None:
    run("UPDATE creator_totals SET plays = plays + 1")


@breaks("creator_totals_are_the_sums_of_their_days")
def a_creator_whose_total_is_missing(h: History) -> None:
    run("DELETE FROM creator_totals WHERE plays > 0")


@breaks("milestones_are_reached_once_with_their_operation")
def a_milestone_that_is_reached_twice(h: History) -> None:
    unguard()
    run(
        "INSERT INTO creator_milestones (id, created_at, updated_at, creator_id, rule_id, description,"
        " action, current_value, month, reached_at, status, trouble, note)"
        " SELECT gen_random_uuid(), created_at, updated_at, creator_id, rule_id, description, action,"
        " current_value, month, reached_at, status, trouble, note"
        " FROM creator_milestones WHERE operation_id IS NULL LIMIT 1"
    )


@breaks("milestones_are_reached_once_with_their_operation")
def an_operation_that_makes_no_token_of_the_creator(h: History) -> None:
    run(
        "UPDATE creator_milestones SET operation_id ="
        " (SELECT id FROM chain_operations WHERE kind = 'distribute' ORDER BY id LIMIT 1)"
        " WHERE operation_id IS NOT NULL"
    )


@breaks("milestones_are_reached_under_their_rule")
def a_threshold_that_was_raised(h: History) -> None:
    unguard()
    run("UPDATE milestone_conditions SET threshold = threshold + 100")


@breaks("milestones_are_reached_under_their_rule")
def a_milestone_of_another_platforms_rule(h: History) -> None:
    unguard()
    run("UPDATE milestone_rules SET platform_id = %s WHERE platform_id IS NOT NULL", h.rival.pk)


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
    first, second = (
        {"description": words, "conditions": [PLAYS]} for words in ("Heard by more", "Heard by all")
    )
    return Ask(made.platform, f"milestone-rules/{made.pk}/versions", first, second)


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
    at = (now - timedelta(minutes=5)).isoformat()
    first, second = (
        {"amount": amount, "currency": "ETH", "rate": "2500.5", "as_of": at} for amount in ("0.4", "0.5")
    )
    return Ask(of.platform, f"creators/{of.pk}/token-values", first, second)


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
