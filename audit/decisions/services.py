"""Decisions about workers: written under a registered rule, in the transaction of their effect."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models

from audit.decisions.enums import WhoDecides
from audit.decisions.errors import UnknownOutcome, UnregisteredRule, WrongInputs
from audit.decisions.models import Decision
from audit.decisions.rules import Rule, find_rule
from audit.log.context import current_actor, current_grounds
from audit.log.services import jsonable
from gigstream.core.clock import database_now


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case to decide: its subject, the worker concerned, the outcome with the inputs that led to it, the
    sentence that explains it, and the reason of the person who decides.

    Without `decided_by` the present actor decides, without `requested_by` the approval under way says who
    requested it. Both are texts as in "staff:4".
    """

    subject: models.Model
    worker_id: UUID
    outcome: str
    inputs: Mapping[str, Any]
    sentence: str
    reason: str = ""
    requested_by: str = ""
    decided_by: str = ""


def decide(rule: Rule, *cases: Case, now: datetime | None = None) -> list[Decision]:
    """Write a decision for each case in the caller's transaction, and return them.

    Raises the errors of `draft_decision`.
    """
    now = now or database_now()
    drafts = [draft_decision(rule, case, now=now) for case in cases]
    save_decisions(drafts)
    return drafts


def draft_decision(rule: Rule, case: Case, *, now: datetime) -> Decision:
    """Return the decision on a case, unsaved.

    Raises UnregisteredRule, WrongInputs where the inputs are not exactly those that the rule lists, or
    UnknownOutcome.
    """
    if find_rule(rule.key, rule.version) != rule:
        raise UnregisteredRule(f"the rule {rule} is not registered")
    if case.inputs.keys() != rule.inputs.keys():
        raise WrongInputs(f"the rule {rule} reads {sorted(rule.inputs)}, given {sorted(case.inputs)}")
    if case.outcome not in rule.effect:
        raise UnknownOutcome(f"the rule {rule} leads to {sorted(rule.effect)}, not to {case.outcome}")
    grounds = current_grounds()
    return Decision(
        rule=rule.key,
        version=rule.version,
        subject_type=case.subject._meta.model_name or "",
        subject_id=str(case.subject.pk),
        worker_id=case.worker_id,
        outcome=case.outcome,
        inputs=_inputs_as_json(case.inputs),
        sentence=case.sentence,
        reason=case.reason.strip(),
        needs_person=rule.who_decides == WhoDecides.PERSON,
        requested_by=case.requested_by or (grounds.requested_by if grounds else ""),
        decided_by=case.decided_by or str(current_actor()),
        decided_at=now,
    )


def _inputs_as_json(inputs: Mapping[str, Any]) -> Any:
    """Return the inputs as JSON, amounts with six decimals."""
    amounts = {name: f"{value:.6f}" for name, value in inputs.items() if isinstance(value, Decimal)}
    return jsonable({**inputs, **amounts})


def save_decisions(drafts: Collection[Decision]) -> None:
    """Write drafted decisions by a single statement."""
    if drafts:
        Decision.unguarded.bulk_create(drafts)
