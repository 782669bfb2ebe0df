"""What a worker's row says about itself."""

from audit.invariants import Invariant, by_sql, register
from workers.services import WRONG_AGES

register(
    Invariant(
        "account_age_follows_from_its_day",
        "An account's age is the number of days from its creation to the day for which it was computed.",
        by_sql(WRONG_AGES),
    )
)
