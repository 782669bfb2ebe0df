"""Works, collections, follows and listeners against each other."""

from audit.books.invariant_registry import Invariant, by_sql, register

register(
    Invariant(
        "open_work_has_an_open_creator_of_its_platform",
        "Every work is of a creator of its platform, who is not closed unless the work was withdrawn.",
        by_sql(
            """
            SELECT w.id FROM works w JOIN creator_profiles c ON c.id = w.creator_id
            WHERE w.platform_id <> c.platform_id OR (w.withdrawn_at IS NULL AND c.status = 'closed')
            ORDER BY w.id
            """
        ),
    )
)

register(
    Invariant(
        "work_is_of_the_creator_it_was_moved_to_last",
        "The moves of a work follow each other, within its platform, and end at its creator.",
        by_sql(
            """
            SELECT DISTINCT work_id FROM (
                SELECT m.work_id, m.to_creator_id, w.creator_id, w.platform_id,
                       f.platform_id AS from_platform, t.platform_id AS to_platform,
                       lead(m.from_creator_id, 1, w.creator_id)
                           OVER (PARTITION BY m.work_id ORDER BY m.moved_at) AS next_creator_id
                FROM work_moves m JOIN works w ON w.id = m.work_id
                JOIN creator_profiles f ON f.id = m.from_creator_id
                JOIN creator_profiles t ON t.id = m.to_creator_id
            ) AS moves
            WHERE to_creator_id <> next_creator_id
               OR from_platform <> platform_id OR to_platform <> platform_id
            """
        ),
    )
)

register(
    Invariant(
        "work_has_the_rate_that_was_set_last",
        "The rate of a work is the one that was set last, and none if there never was one.",
        by_sql(
            """
            SELECT w.id FROM works w
            LEFT JOIN LATERAL (
                SELECT rate FROM work_rates WHERE work_id = w.id ORDER BY valid_from DESC, id DESC LIMIT 1
            ) AS last ON true
            WHERE w.rate IS DISTINCT FROM last.rate
            ORDER BY w.id
            """
        ),
    )
)

register(
    Invariant(
        "collection_positions_are_gapless",
        "The works of a collection stand at the positions 1 to n; they and the owner are of its platform.",
        by_sql(
            """
            SELECT o.id FROM collections o
            LEFT JOIN collection_works p ON p.collection_id = o.id
            LEFT JOIN works w ON w.id = p.work_id
            LEFT JOIN creator_profiles c ON c.id = o.creator_id
            LEFT JOIN listeners l ON l.id = o.listener_id
            GROUP BY o.id
            HAVING coalesce(max(p.position), 0) <> count(p.id)
                OR count(DISTINCT p.position) <> count(p.id)
                OR min(p.position) < 1
                OR bool_or(w.platform_id <> o.platform_id)
                OR bool_or(coalesce(c.platform_id, l.platform_id) <> o.platform_id)
            ORDER BY o.id
            """
        ),
    )
)

register(
    Invariant(
        "follow_is_open_once_per_pair",
        "A listener follows a creator of the same platform, and at any time at most once.",
        by_sql(
            """
            SELECT f.id FROM follows f
            JOIN listeners l ON l.id = f.listener_id JOIN creator_profiles c ON c.id = f.creator_id
            WHERE l.platform_id <> c.platform_id
            UNION ALL
            SELECT min(id) FROM follows WHERE until IS NULL
            GROUP BY listener_id, creator_id HAVING count(*) > 1
            """
        ),
    )
)

register(
    Invariant(
        "listener_digest_has_a_usable_key",
        "A listener has a digest exactly with a key, which is of the platform and was not destroyed.",
        by_sql(
            """
            SELECT l.id FROM listeners l LEFT JOIN listener_keys k ON k.id = l.key_id
            WHERE (l.digest IS NULL) <> (l.key_id IS NULL)
               OR k.platform_id <> l.platform_id OR k.destroyed_at IS NOT NULL
            ORDER BY l.id
            """
        ),
    )
)
