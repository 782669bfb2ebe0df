"""Limits that staff may set while the system runs. The environment says what holds until somebody has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from audit import services as audit
from audit.approvals import Kind
from audit.approvals import register as register_kind
from audit.approvals import request as request_approval
from audit.errors import InvalidLimit
from audit.models import Approval, LimitChange
from gigstream.lib import sql
from gigstream.lib.clock import database_now
from gigstream.lib.money import InvalidAmount
from gigstream.lib.money import amount as exact

WHOLE_SECONDS = "s"
USDC = "USDC"


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit: in words, in which unit, what the environment says, and from where on it makes sense."""

    name: str
    words: str
    unit: str
    default: Callable[[], object]
    lowest: Decimal

    @property
    def value(self) -> Decimal:
        """What holds now: one look-up by an index. Read it once for a batch, never for each row."""
        return values_of(self)[0]

    def read(self, text: str) -> Decimal:
        """The value that the text names. Raises InvalidLimit."""
        try:
            value = exact(text, allow_zero=True)
        except InvalidAmount as error:
            raise InvalidLimit(error.message, value=text) from error
        if value < self.lowest or (self.unit == WHOLE_SECONDS and value != int(value)):
            raise InvalidLimit(f"{self.name} is {self.lowest} {self.unit} or more, not {text}", value=text)
        return value


def values_of(*limits: Limit) -> list[Decimal]:
    """Return what holds now of several limits, in their order. One statement."""
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
    """Every registered limit by its name."""
    return _limits


_LIST_ALL = """
    INSERT INTO limit_changes (name, changed_by)
    SELECT name, 'environment' FROM unnest(%(names)s::text[]) AS name
    WHERE NOT EXISTS (SELECT 1 FROM limit_changes l WHERE l.name = name.name)
    RETURNING id
"""


def list_all() -> None:
    """Every limit has a row, so that staff see it; the first says that the environment's value holds."""
    sql.rows(_LIST_ALL, {"names": list(_limits)})


def ask_to_change(*, name: str, value: str, reason: str, now: datetime | None = None) -> Approval:
    """A second person is asked to let the limit have this value; empty, what the environment says.

    Raises InvalidLimit or what `request` raises.
    """
    limit = _limits.get(name)
    if limit is None:
        raise InvalidLimit(f"there is no limit {name}", name=name)
    wanted = f"{limit.read(value):f}" if value.strip() else None
    return request_approval(
        kind=CHANGE,
        subject=("limit", name),
        parameters={"value": wanted, "before": f"{limit.value:f}"},
        reason=reason,
        now=now,
    )


def _change(approval: Approval) -> dict[str, Any]:
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


def _tell(approval: Approval) -> list[tuple[str, str]]:
    limit = _limits[approval.subject_id]
    value = approval.parameters["value"]
    return [
        ("Limit", limit.words),
        ("From", f"{approval.parameters['before']} {limit.unit}"),
        ("To", "what the environment says" if value is None else f"{value} {limit.unit}"),
    ]


CHANGE = register_kind(Kind("limit.change", "Change of a limit", "audit.set_limitchange", _change, _tell))
