"""Entries of points against each other and against the balances."""

from audit.books.invariant_registry import Invariant, by_sql, register

register(
    Invariant(
        "points_balances_are_the_sums_of_their_entries",
        "Each balance of points is the sum of its entries, and entries without a balance add up to nothing.",
        by_sql(
            """
            SELECT coalesce(b.worker_id, e.worker_id)
            FROM points_balances b
            FULL JOIN (
                SELECT worker_id, coalesce(platform_id::text, '') AS owner, sum(amount) AS total
                FROM points_entries GROUP BY 1, 2
            ) AS e ON e.worker_id = b.worker_id AND e.owner = coalesce(b.platform_id::text, '')
            WHERE coalesce(b.balance, 0) <> coalesce(e.total, 0)
            """
        ),
    )
)

register(
    Invariant(
        "points_entries_follow_each_other",
        "Each entry of points leaves the balance after the entry before and its own amount.",
        by_sql(
            """
            SELECT id FROM (
                SELECT id, amount, balance_after,
                       lag(balance_after, 1, 0::bigint) OVER (PARTITION BY worker_id, platform_id ORDER BY id)
                           AS balance_before
                FROM points_entries
            ) AS entries
            WHERE balance_after <> balance_before + amount
            """
        ),
    )
)

register(
    Invariant(
        "points_are_never_below_zero",
        "No balance of points is below zero, nor was it after any entry.",
        by_sql(
            """
            SELECT worker_id FROM points_balances WHERE balance < 0
            UNION SELECT worker_id FROM points_entries WHERE balance_after < 0
            """
        ),
    )
)

register(
    Invariant(
        "points_are_granted_and_reversed_once",
        "An event of a quest has at most one entry of points, and an entry at most one reversal.",
        by_sql(
            """
            SELECT min(id) FROM points_entries WHERE quest_event_id IS NOT NULL
            GROUP BY quest_event_id HAVING count(*) > 1
            UNION ALL
            SELECT reverses_id FROM points_entries WHERE reverses_id IS NOT NULL
            GROUP BY reverses_id HAVING count(*) > 1
            """
        ),
    )
)

register(
    Invariant(
        "points_reversals_undo_their_entries",
        "A reversal takes exactly the points of its entry, from the same worker and owner, and counts to the"
        " same periods; the entry was a grant.",
        by_sql(
            """
            SELECT r.id FROM points_entries r JOIN points_entries e ON e.id = r.reverses_id
            WHERE r.amount <> -e.amount OR r.worker_id <> e.worker_id
               OR r.platform_id IS DISTINCT FROM e.platform_id OR r.earned_at <> e.earned_at
               OR e.kind <> 'grant'
            """
        ),
    )
)
