"""Assessments: before a grant, rules of subjects above hold the reward of an event, or reduce its points."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from audit.decisions.rules import Rule
from audit.decisions.services import Case
from reputation.models import QuestEvent
from reputation.quests.vocabulary import REDUCED


@dataclass(frozen=True, slots=True)
class Hold:
    """Reason for which a reward is held, in words that say how it may change, and the evidence."""

    reason: str
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reduction:
    """Factor below 1 on the points of an event, under a registered rule, with the reason in words that say
    how it may change. `evidence` has the inputs of the rule, beside those of the event."""

    rule: Rule
    factor: Decimal
    reason: str
    evidence: dict[str, Any] = field(default_factory=dict)


# Returns the holds and reductions for events that are about to be granted, by the events' ids. Holds are for
# any reward, reductions for points.
Assessor = Callable[[Sequence[QuestEvent], datetime], Mapping[int, Hold | Reduction]]

_assessors: list[Assessor] = []


def register_assessor(assessor: Assessor) -> None:
    """Have each event assessed before it is granted. It reads in a fixed number of statements, and locks
    nothing."""
    _assessors.append(assessor)


@dataclass(slots=True)
class Assessments:
    """Holds and reductions by the ids of their events: of several reductions the strongest."""

    holds: dict[int, Hold] = field(default_factory=dict)
    reductions: dict[int, Reduction] = field(default_factory=dict)

    def assess(self, events: Sequence[QuestEvent], now: datetime) -> None:
        """Add those of all assessors; a hold that is there already stays."""
        for assessor in _assessors if events else ():
            for event_id, found in assessor(events, now).items():
                if isinstance(found, Hold):
                    self.holds.setdefault(event_id, found)
                    continue
                known = self.reductions.get(event_id)
                if known is None or found.factor < known.factor:
                    self.reductions[event_id] = found

    def reduce(self, event: QuestEvent) -> None:
        """Write the factor, if there is any, on the event in memory."""
        reduction = self.reductions.get(event.pk)
        if reduction is not None:
            event.factor, event.factor_reason = reduction.factor, reduction.reason
            event.factor_evidence = reduction.evidence


def case_of_reduction(event: QuestEvent, reduction: Reduction) -> Case:
    """Return the case of an event whose points are reduced."""
    return Case(
        subject=event,
        worker_id=event.worker_id,
        outcome=REDUCED,
        inputs={
            "quest": event.quest.slug,
            "amount": int(event.amount),
            "points": int(event.reward),
            "factor": f"{event.factor}",
            **reduction.evidence,
        },
        sentence=f"{int(event.reward)} of {int(event.amount)} points are granted: {reduction.reason}",
        reason=reduction.reason,
    )
