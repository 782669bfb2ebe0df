"""Milestones of a platform's creators over the API, with rules, progress and values of tokens."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import NothingForm
from gigstream.api.pagination import narrow_rows, read_page
from gigstream.api.views import RowCommand, json_response
from gigstream.core.clock import database_now
from platforms.models import CreatorProfile
from platforms.platforms.views import PlatformView
from reputation.milestones import services
from reputation.milestones.api.schemas import (
    VALUE_COLUMNS,
    MilestoneQuery,
    MilestoneRow,
    ProgressAnswer,
    RuleChangeForm,
    RuleForm,
    RuleQuery,
    RuleRow,
    TokenValueForm,
    TokenValueRow,
    milestone_as_json,
    milestone_columns,
    progress_as_json,
    rule_as_json,
    rules_as_json,
    token_value_as_json,
    with_conditions,
)
from reputation.milestones.selectors import progress_of, rules_of
from reputation.models import CreatorMilestone, MilestoneRule, TokenValue

NEWEST = ("-id",)


class RuleView(PlatformView):
    """Base view of a platform's own rules."""

    resource = "catalogue"

    def own(self) -> QuerySet[MilestoneRule]:
        return MilestoneRule.objects.filter(platform=self.platform)


class Rules(RuleView):
    """`milestone-rules`."""

    query = RuleQuery
    endpoints = {
        "GET": Endpoint("list_milestone_rules", RuleRow, listed=True),
        "POST": Endpoint("create_milestone_rule", RuleRow, takes=RuleForm, status=201),
    }

    def get(self, request: Request) -> HttpResponse:
        """List the rules for your creators in all versions, newest first: yours, and those for creators of
        every platform."""
        rows = narrow_rows(rules_of(self.platform.pk), self.read_query(request))
        page, cursor = read_page(rows.values("id", "created_at"), request.query_params)
        keys = [row["id"] for row in page]
        found = {
            rule.pk: rule for rule in MilestoneRule.objects.filter(pk__in=keys).prefetch_related("conditions")
        }
        return json_response(200, {"items": rules_as_json([found[key] for key in keys]), "next": cursor})

    def post(self, request: Request) -> HttpResponse:
        """Make a rule. Your creators reach it once, by changes from now on, which brings about its
        action."""
        given = with_conditions(self.read(request))

        def act() -> tuple[int, Any]:
            rule = services.create_milestone_rule(platform_id=self.platform.pk, **given)
            return 201, rule_as_json(rule)

        return self.perform(request, act)


class OneRule(RuleView):
    """`milestone-rules/{id}`."""

    endpoints = {"GET": Endpoint("get_milestone_rule", RuleRow)}

    def get(self, request: Request, rule_id: UUID) -> HttpResponse:
        """Return a version of a rule."""
        rule = rules_of(self.platform.pk).filter(pk=rule_id).first()
        if rule is None:
            raise Http404
        return json_response(200, rule_as_json(rule))


class RuleVersions(RuleView):
    """`milestone-rules/{id}/versions`."""

    endpoints = {"POST": Endpoint("change_milestone_rule", RuleRow, takes=RuleChangeForm, status=201)}

    def post(self, request: Request, rule_id: UUID) -> HttpResponse:
        """Retire this version of your rule, and make the next one. Milestones that were reached stay."""
        given = with_conditions(self.read(request))
        rule = self.own_one(pk=rule_id)

        def act() -> tuple[int, Any]:
            return 201, rule_as_json(services.change_milestone_rule(rule_id=rule.pk, **given))

        return self.perform(request, act)


class Retire(RuleView, RowCommand):
    """Retire your rule: nobody reaches it any more."""

    moves_money = False
    row_id = "rule_id"
    as_json = staticmethod(rule_as_json)
    endpoints = {"POST": Endpoint("retire_milestone_rule", RuleRow, takes=NothingForm)}
    service = staticmethod(services.retire_milestone_rule)


class Milestones(PlatformView):
    """`milestones`."""

    resource = "catalogue"
    query = MilestoneQuery
    endpoints = {"GET": Endpoint("list_milestones", MilestoneRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List the milestones that your creators have reached, newest first."""
        own = CreatorMilestone.objects.filter(creator__platform=self.platform)
        rows = narrow_rows(own, self.read_query(request))
        return self.paged(request, rows.values(*milestone_columns()), show=milestone_as_json)


class OfCreatorView(PlatformView):
    """Base view of all that belongs to one of a platform's creators."""

    resource = "catalogue"

    def own(self) -> QuerySet[CreatorProfile]:
        return CreatorProfile.objects.filter(platform=self.platform)


class CreatorProgress(OfCreatorView):
    """`creators/{id}/milestones`."""

    endpoints = {"GET": Endpoint("get_creator_progress", ProgressAnswer)}

    def get(self, request: Request, creator_id: UUID) -> HttpResponse:
        """Return how far a creator is with each rule in force: every condition with the value now."""
        now = database_now()
        found = progress_of([self.own_one(pk=creator_id)], now=now)
        return json_response(200, {"as_of": now, "rules": progress_as_json(found)})


class TokenValues(OfCreatorView):
    """`creators/{id}/token-values`."""

    endpoints = {
        "GET": Endpoint("list_token_values", TokenValueRow, listed=True),
        "POST": Endpoint("report_token_value", TokenValueRow, takes=TokenValueForm, status=201),
    }

    def get(self, request: Request, creator_id: UUID) -> HttpResponse:
        """List the market values of a creator's token, those reported last first."""
        rows = TokenValue.objects.filter(creator=self.own_one(pk=creator_id))
        return self.paged(request, rows.values(*VALUE_COLUMNS), order=NEWEST)

    def post(self, request: Request, creator_id: UUID) -> HttpResponse:
        """Report the market value of a creator's token. A tenth of it counts as revenue of the month."""
        given = self.read(request)
        creator = self.own_one(pk=creator_id)

        def act() -> tuple[int, Any]:
            value = services.report_token_value(creator_id=creator.pk, **given)
            return 201, token_value_as_json(value)

        return self.perform(request, act)
