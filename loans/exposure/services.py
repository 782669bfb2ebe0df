"""Limits of the advances that the system approves: the smallest of several, so that staff see the rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection

from audit.limits.services import values_of
from gigstream.core import sql
from gigstream.core.money import ZERO
from loans.exposure.limits import NEW_ADVANCES_A_DAY, OPEN_ADVANCES, OPEN_ADVANCES_OF_A_PLATFORM
from loans.policy.calculations.terms import AUTOMATIC_FIRST_UP_TO, AUTOMATIC_FROM_SCORE, AUTOMATIC_UP_TO

# Number of the advisory lock under which advances are measured by the limits.
_LOCK = 0x61647661


@dataclass(frozen=True, slots=True)
class AutomaticLimit:
    """Largest advance that the system approves for a worker, in USDC: the smallest of these limits."""

    limits: Mapping[str, Decimal]

    @property
    def amount(self) -> Decimal:
        """Smallest of them; 0 where staff decide on every advance."""
        return max(min(self.limits.values()), ZERO)


def lock_limits() -> None:
    """Measure advances by the limits in turn, until the transaction ends: two would both fit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def automatic_limit(worker_id: UUID, score: int, now: datetime) -> AutomaticLimit:
    """Return the limits of an advance to this worker at this risk score."""
    if score < AUTOMATIC_FROM_SCORE:
        return AutomaticLimit({f"a score below {AUTOMATIC_FROM_SCORE}": ZERO})
    (found,) = sql.run("loans/exposure/exposure", worker=worker_id, now=now)
    of_a_platform, a_day, in_all = values_of(OPEN_ADVANCES_OF_A_PLATFORM, NEW_ADVANCES_A_DAY, OPEN_ADVANCES)
    limits = {
        "the most of any advance": AUTOMATIC_UP_TO,
        "fees on this worker's pay, less the write-offs": found["fees"] - found["written_off"],
        "left for the platform's workers": of_a_platform - found["open_of_a_platform"],
        "left today": a_day - found["new_today"],
        "left in all": in_all - found["open_in_all"],
    }
    if found["is_first"]:
        limits["a first advance"] = AUTOMATIC_FIRST_UP_TO
    return AutomaticLimit(limits)
