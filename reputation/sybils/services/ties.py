"""Ties: what an account was seen with, kept as keyed hashes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.crypto import salted_hmac

from gigstream.core import sql
from gigstream.core.unit import in_unit
from reputation.sybils.enums import TieKind


@dataclass(frozen=True, slots=True)
class Tie:
    """Something that a worker was seen with, in plain: only its keyed hash is kept."""

    worker_id: UUID
    kind: TieKind
    key: str

    @property
    def key_hash(self) -> str:
        """The keyed hash of the key, which differs for each kind."""
        return salted_hmac(f"gigstream.sybils.{self.kind}", self.key, algorithm="sha256").hexdigest()


@in_unit
def note_ties(ties: Sequence[Tie], *, now: datetime) -> None:
    """Write these ties, or when they were seen again, by a single statement."""
    if not ties:
        return
    sql.run(
        "reputation/sybils/note_ties",
        workers=[tie.worker_id for tie in ties],
        kinds=[str(tie.kind) for tie in ties],
        hashes=[tie.key_hash for tie in ties],
        now=now,
    )
