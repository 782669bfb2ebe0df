"""Check-ins, and the calendars that they are of."""

from datetime import timedelta

from reputation.models import CheckIn, StreakPause
from tests.support.database.breaks import breaks
from tests.support.database.rich_history import History


@breaks("check_ins_have_their_time_zone")
def check_in_without_a_time_zone(h: History) -> None:
    CheckIn.unguarded.bulk_create([CheckIn(worker=h.debtor, local_date=h.now.date())])


@breaks("streak_pauses_lie_apart")
def pauses_one_after_the_other(h: History) -> None:
    first = h.now.date()
    days = [(first, first + timedelta(days=2)), (first + timedelta(days=3), first + timedelta(days=4))]
    pauses = [StreakPause(worker=h.debtor, starts_on=start, ends_on=end) for start, end in days]
    StreakPause.unguarded.bulk_create(pauses)
