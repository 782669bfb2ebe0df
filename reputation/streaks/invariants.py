"""Check-ins against the calendars that they are of."""

from audit.books.invariant_registry import Invariant, by_sql, register

register(
    Invariant(
        "check_ins_have_their_time_zone",
        "A worker who has a check-in has a time zone that its date is of.",
        by_sql(
            """
            SELECT c.id FROM check_ins c
            WHERE NOT EXISTS (
                SELECT FROM streak_zones z WHERE z.worker_id = c.worker_id AND z.first_date <= c.local_date
            )
            """
        ),
    )
)

register(
    Invariant(
        "streak_pauses_lie_apart",
        "Two pauses of a worker neither meet nor follow each other directly.",
        by_sql(
            """
            SELECT a.id FROM streak_pauses a JOIN streak_pauses b
                ON b.worker_id = a.worker_id AND b.id <> a.id
            WHERE a.starts_on <= b.ends_on + 1 AND b.starts_on <= a.ends_on + 1
            """
        ),
    )
)
