"""The events of a batch on their way into the tables, and the outcome of the batch."""

from dataclasses import dataclass, field
from datetime import date, datetime

from platforms.models import UsageReceipt
from platforms.usage.calculations.batches import Columns, Refused, pick_values
from platforms.usage.calculations.changes import UsageChange
from platforms.usage.enums import Reason


@dataclass(frozen=True, slots=True)
class Known:
    """Record under an id: the event's number and time, and the digest of its content."""

    number: int
    occurred_at: datetime
    content: bytes


@dataclass(slots=True)
class UsageResult:
    """The outcome of a batch: by their positions the numbers of the events that were taken and of those that
    were on record, and the refusals of all others. Without an event that was taken there is no receipt. On
    some days the different listeners are final, so that events of a backfill have not changed them."""

    given: int
    accepted: dict[int, int] = field(default_factory=dict)
    replayed: dict[int, int] = field(default_factory=dict)
    refused: dict[int, Refused] = field(default_factory=dict)
    receipt: UsageReceipt | None = None
    changes: list[UsageChange] = field(default_factory=list)
    listeners_final_on: list[date] = field(default_factory=list)

    def note_known(self, position: int, content: bytes, known: "Known") -> None:
        """Put an event whose id is on record among the replayed, or the refused if it says otherwise."""
        if content == known.content:
            self.replayed[position] = known.number
            return
        self.refused[position] = Refused(
            Reason.CONFLICT,
            f"the id stands for event {known.number} of {known.occurred_at.isoformat()}, which differs",
            number=known.number,
        )


@dataclass(slots=True)
class TakenEvents:
    """The events of a batch that may be recorded, unless their ids are known, in columns beside those that
    were read. `liked` and `unliked` are the pairs of work and listener that change."""

    columns: Columns
    works: list[int]
    work_ids: list[str]
    creators: list[int]
    listeners: list[int]
    times: list[str]
    contents: list[bytes]
    liked: list[tuple[int, int]] = field(default_factory=list)
    unliked: list[tuple[int, int]] = field(default_factory=list)

    def without(self, dropped: set[int]) -> "TakenEvents | None":
        """Return the events but for those at these places; None if no event is left."""
        kept = [place for place in range(len(self.works)) if place not in dropped]
        if not kept:
            return None
        return TakenEvents(
            self.columns.pick(kept),
            pick_values(self.works, kept),
            pick_values(self.work_ids, kept),
            pick_values(self.creators, kept),
            pick_values(self.listeners, kept),
            pick_values(self.times, kept),
            pick_values(self.contents, kept),
            liked=self.liked,
            unliked=self.unliked,
        )
