"""Operations on the chain against their rounds, their creators and their costs."""

from audit.books.invariant_registry import Invariant, by_sql, register

register(
    Invariant(
        "confirmed_operations_were_read_back",
        "Each confirmed operation on the chain was read back, and a call to its provider or the chain that"
        " was answered is on record.",
        by_sql(
            """
            SELECT o.id FROM chain_operations o
            WHERE o.status = 'confirmed' AND (
                o.read_back_at IS NULL
                OR NOT EXISTS (
                    SELECT FROM chain_attempts a
                    WHERE a.chain_operation_id = o.id AND a.ended_at IS NOT NULL AND a.error_class IS NULL
                )
            )
            ORDER BY o.id
            """
        ),
    )
)

register(
    Invariant(
        "operations_have_their_creators",
        "An operation on the chain has as many creators as it says, numbered from 0, all of its platform.",
        by_sql(
            """
            SELECT o.id FROM chain_operations o
            LEFT JOIN chain_operation_creators c ON c.operation_id = o.id
            LEFT JOIN creator_profiles p ON p.id = c.creator_id
            GROUP BY o.id
            HAVING count(c.id) <> o.creator_count
                OR coalesce(max(c.position), -1) <> o.creator_count - 1
                OR bool_or(p.platform_id <> o.platform_id)
                OR bool_or((c.plays IS NULL) <> (o.kind <> 'update_metrics'))
            ORDER BY o.id
            """
        ),
    )
)

register(
    Invariant(
        "creators_are_written_by_one_operation",
        "A creator's numbers are being written by one operation that is open and that the creator is in, and"
        " each open operation is writing those of all its creators.",
        by_sql(
            """
            SELECT s.creator_id FROM creator_syncs s
            JOIN chain_operations o ON o.id = s.operation_id
            LEFT JOIN chain_operation_creators c ON c.operation_id = o.id AND c.creator_id = s.creator_id
            WHERE o.status NOT IN ('pending', 'submitted') OR o.kind <> 'update_metrics' OR c.id IS NULL
            UNION
            SELECT c.creator_id FROM chain_operation_creators c
            JOIN chain_operations o ON o.id = c.operation_id
            LEFT JOIN creator_syncs s ON s.creator_id = c.creator_id AND s.operation_id = o.id
            WHERE o.kind = 'update_metrics' AND o.status IN ('pending', 'submitted') AND s.id IS NULL
            ORDER BY 1
            """
        ),
    )
)

register(
    Invariant(
        "synced_numbers_are_those_of_their_operation",
        "A creator's numbers that the chain shows are those of the confirmed operation that wrote them.",
        by_sql(
            """
            SELECT s.creator_id FROM creator_syncs s
            LEFT JOIN chain_operations o ON o.id = s.confirmed_by_id
            LEFT JOIN chain_operation_creators c ON c.operation_id = o.id AND c.creator_id = s.creator_id
            WHERE CASE WHEN s.confirmed_by_id IS NULL
                THEN (s.plays, s.followers, s.likes, s.listeners, s.revenue) <> (0, 0, 0, 0, 0)
                ELSE o.status <> 'confirmed' OR c.id IS NULL
                    OR (s.plays, s.followers, s.likes, s.listeners, s.revenue)
                        IS DISTINCT FROM (c.plays, c.followers, c.likes, c.listeners, c.revenue)
                END
            ORDER BY s.creator_id
            """
        ),
    )
)

register(
    Invariant(
        "gas_is_spent_by_rounds_that_were",
        "Gas was spent by rounds that an operation has come to, each with a transaction of its own.",
        by_sql(
            """
            SELECT g.id FROM gas_spendings g JOIN chain_operations o ON o.id = g.operation_id
            WHERE g.round > o.round OR g.tx_hash = ''
            UNION
            SELECT min(id) FROM gas_spendings GROUP BY provider, tx_hash HAVING count(*) > 1
            ORDER BY 1
            """
        ),
    )
)

register(
    Invariant(
        "recorded_distributions_are_those_paid",
        "A record of a distribution on the chain is of one that was paid, with its number and its total.",
        by_sql(
            """
            SELECT o.id FROM chain_operations o
            JOIN distributions d ON o.key = 'distribution:' || d.platform_id || ':' || d.number
            WHERE o.kind <> 'distribute' OR o.platform_id <> d.platform_id OR d.status <> 'paid'
                OR (o.details ->> 'number')::numeric <> d.number
                OR (o.details ->> 'total')::numeric <> d.amount
            ORDER BY o.id
            """
        ),
    )
)
