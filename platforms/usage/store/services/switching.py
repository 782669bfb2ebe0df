"""The place of raw events: PostgreSQL alone, both, and from which of them they are read."""

from datetime import datetime

from audit.log import services as audit
from audit.log.context import current_actor
from audit.log.reasons import require_reason
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.postgres.transactions import wait_for_lock
from gigstream.core.states import require_move
from gigstream.core.unit import in_unit
from platforms.models import UsageStoreBatch, UsageStoreSwitch
from platforms.usage.store.calculations import DayDifference
from platforms.usage.store.enums import STORE_MOVES, StoreMode
from platforms.usage.store.protocol import run_in
from platforms.usage.store.selectors import present_mode, second_store
from platforms.usage.store.services.comparing import Survey, compare_again, require_equal, survey_stores
from platforms.usage.store.services.keeping import STORE_LOCK
from platforms.usage.store.services.writing import write_usage_store


def compare_stores() -> tuple[Survey, list[DayDifference]]:
    """Write the events that wait, compare every day of every creator, and return the survey with the
    differences. Reports wait only while the days are compared that have changed meanwhile, or differ.

    Raises UsageStoreUnset, UsageStoreUnavailable or UsageStoreIncomplete.
    """
    survey = _survey_while_recording()
    return survey, _compare_at_rest(survey)


def _survey_while_recording() -> Survey:
    """Compare all days, with little left to write afterwards."""
    write_usage_store()
    survey = survey_stores()
    write_usage_store()
    write_usage_store()
    return survey


@in_unit
def _compare_at_rest(survey: Survey) -> list[DayDifference]:
    wait_for_lock(STORE_LOCK)
    write_usage_store()
    return compare_again(survey)


def switch_usage_store(*, mode: StoreMode, reason: str, now: datetime | None = None) -> UsageStoreSwitch:
    """Have raw events in this place from now on: `shadow` writes them to both, `clickhouse` reads them from
    there as well, `postgresql` forgets the events that wait.

    Raises ReasonMissing, IllegalMove, UsageStoreUnset or UsageStoreUnavailable, and for `clickhouse`
    UsageStoreDiffers unless every day of every creator is equal.
    """
    if mode == StoreMode.SHADOW:
        run_in(second_store(), "make_table")
    survey = _survey_while_recording() if mode == StoreMode.CLICKHOUSE else None
    return _switch(mode=mode, survey=survey, reason=reason, now=now)


@verb("usage_store.switch", "usagestoreswitch")
def _switch(
    *, mode: StoreMode, survey: Survey | None, reason: str, now: datetime | None = None
) -> UsageStoreSwitch:
    now, reason = now or database_now(), require_reason(reason)
    # No row is locked while the store is called: who records events waits, and nobody else.
    wait_for_lock(STORE_LOCK)
    before = present_mode()
    require_move(STORE_MOVES, subject="the place of raw events", before=before, after=mode)
    if survey is not None:
        write_usage_store()
        require_equal(compare_again(survey))
    if mode == StoreMode.POSTGRESQL:
        UsageStoreBatch.unguarded.all().delete()
    switch = UsageStoreSwitch(created_at=now, mode=mode, decided_by=str(current_actor()), reason=reason)
    switch.save(force_insert=True)
    audit.record(
        "usage_store.switch",
        switch,
        before={"mode": before},
        after={"mode": mode},
        metadata={"reason": reason},
        now=now,
    )
    return switch
