"""Limits that staff may set while the system runs. Until then the value of the environment holds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit.approvals.services import approval
from audit.approvals.services import request as request_approval
from audit.limits.errors import InvalidLimit
from audit.log import services as audit
from audit.models import Approval, LimitChange
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.money import InvalidAmount, exact_amount

WHOLE_SECONDS = "s"
USDC = "USDC"


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit: in words, with its unit, the value of the environment, and the lowest sensible value."""

    name: str
    words: str
    unit: str
    default: Callable[[], object]
    lowest: Decimal

    @property
    def value(self) -> Decimal:
        """The present value, by a look-up in an index. Read it once for a batch, never for each row."""
        return values_of(self)[0]

    def read(self, text: str) -> Decimal:
        """Return the value that the text names. Raises InvalidLimit."""
        try:
            value = exact_amount(text, allow_zero=True)
        except InvalidAmount as error:
            raise InvalidLimit(error.message, value=text) from error
        if value < self.lowest or (self.unit == WHOLE_SECONDS and value != int(value)):
            raise InvalidLimit(f"{self.name} is {self.lowest} {self.unit} or more, not {text}", value=text)
        return value


def values_of(*limits: Limit) -> list[Decimal]:
    """Return the present values of several limits, in their order, by a single statement."""
    newest = LimitChange.objects.filter(name__in=[limit.name for limit in limits]).order_by("name", "-id")
    values = dict(newest.distinct("name").values_list("name", "value"))
    return [
        Decimal(str(limit.default()) if (value := values.get(limit.name)) is None else value)
        for limit in limits
    ]


_limits: dict[str, Limit] = {}


def register(limit: Limit) -> Limit:
    """Add a limit; its name must be new."""
    if limit.name in _limits:
        raise ValueError(f"there is already a limit {limit.name}")
    _limits[limit.name] = limit
    return limit


def all_limits() -> Mapping[str, Limit]:
    """Return the registered limits by their names."""
    return _limits


_LIST_LIMITS = """
    INSERT INTO limit_changes (name, changed_by)
    SELECT name, 'environment' FROM unnest(%(names)s::text[]) AS name
    WHERE NOT EXISTS (SELECT 1 FROM limit_changes l WHERE l.name = name.name)
    RETURNING id
"""


def list_limits() -> int:
    """Write a first row for each limit without any, so that staff see it; return how many. The environment's
    value holds."""
    return len(sql.rows(_LIST_LIMITS, {"names": list(_limits)}))


def request_change(*, name: str, value: str, reason: str, now: datetime | None = None) -> Approval:
    """Request the approval of a new value for a limit; empty stands for the value of the environment.

    Raises InvalidLimit, and the refusals of `request`.
    """
    limit = _limits.get(name)
    if limit is None:
        raise InvalidLimit(f"there is no limit {name}", name=name)
    wanted = f"{limit.read(value):f}" if value.strip() else None
    return request_approval(
        kind="limit.change",
        subject=("limit", name),
        parameters={"value": wanted, "before": f"{limit.value:f}"},
        reason=reason,
        now=now,
    )


def _describe(approval: Approval) -> list[tuple[str, str]]:
    limit = _limits[approval.subject_id]
    value = approval.parameters["value"]
    return [
        ("Limit", limit.words),
        ("From", f"{approval.parameters['before']} {limit.unit}"),
        ("To", "the value of the environment" if value is None else f"{value} {limit.unit}"),
    ]


def _find_same(waiting: Sequence[Approval]) -> dict[UUID, str]:
    """Return why an approval would change nothing: the limit has this value."""
    named = [_limits[one.subject_id] for one in waiting]
    return {
        one.pk: f"it changes nothing: the limit is {value:f} {limit.unit} already"
        for one, limit, value in zip(waiting, named, values_of(*named), strict=True)
        if one.parameters["value"] is not None and Decimal(one.parameters["value"]) == value
    }


@approval(
    "limit.change",
    label="Change of a limit",
    permission="audit.set_limitchange",
    describe=_describe,
    find_obstacles=_find_same,
)
def _change_limit(approval: Approval) -> dict[str, Any]:
    name, value = approval.subject_id, approval.parameters["value"]
    limit = _limits[name]
    if value is not None:
        limit.read(value)
    row = LimitChange(
        name=name,
        value=value,
        changed_by=approval.requested_by,
        changed_at=approval.decided_at or database_now(),
        approval=approval,
    )
    row.save(force_insert=True)
    audit.record(
        "limit.change",
        row,
        before={"value": approval.parameters["before"]},
        after={"value": value},
        metadata={"name": name, "reason": approval.reason},
    )
    return {"limitchange": row.pk}
