"""What the system lends by itself: the smallest of several limits, so that staff see the rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from django.db import connection

from audit.limits import values_of
from gigstream.lib import sql
from gigstream.lib.money import ZERO
from loans.calculations import AUTOMATIC_FIRST_UP_TO, AUTOMATIC_FROM_SCORE, AUTOMATIC_UP_TO
from loans.limits import NEW_ADVANCES_A_DAY, OPEN_ADVANCES, OPEN_ADVANCES_OF_A_PLATFORM

_SQL = Path(__file__).resolve().parent / "sql"
# One number of PostgreSQL's for "who approves an advance by the limits".
_LOCK = 0x61647661


@dataclass(frozen=True, slots=True)
class AutomaticLimit:
    """What the system may lend a worker by itself, in USDC: the smallest of these limits, by their words."""

    limits: Mapping[str, Decimal]

    @property
    def amount(self) -> Decimal:
        """The smallest of them; 0 where staff decide on every advance."""
        return max(min(self.limits.values()), ZERO)


def lock_limits() -> None:
    """Let one advance at a time be measured by the limits, until the transaction ends: two would both fit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def automatic_limit(worker_id: UUID, score: int, now: datetime) -> AutomaticLimit:
    """Return what the system may lend this worker at this risk score."""
    if score < AUTOMATIC_FROM_SCORE:
        return AutomaticLimit({f"a score below {AUTOMATIC_FROM_SCORE}": ZERO})
    (found,) = sql.rows(sql.load(_SQL / "exposure.sql"), {"worker": worker_id, "now": now})
    of_a_platform, a_day, in_all = values_of(OPEN_ADVANCES_OF_A_PLATFORM, NEW_ADVANCES_A_DAY, OPEN_ADVANCES)
    limits = {
        "the most of any advance": AUTOMATIC_UP_TO,
        "fees on this worker's pay, less what was written off": found["fees"] - found["written_off"],
        "left for the platform's workers": of_a_platform - found["open_of_a_platform"],
        "left today": a_day - found["new_today"],
        "left in all": in_all - found["open_in_all"],
    }
    if found["is_first"]:
        limits["a first advance"] = AUTOMATIC_FIRST_UP_TO
    return AutomaticLimit(limits)
