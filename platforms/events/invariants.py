from audit.books.invariant_registry import Invariant, by_sql, register

register(
    Invariant(
        "events_are_numbered_without_a_gap",
        "A platform's events are numbered 1 to n without a gap, and its counter stands at n.",
        by_sql(
            """
            SELECT coalesce(c.platform_id, e.platform_id)
            FROM event_counters c
            FULL JOIN (
                SELECT platform_id, count(DISTINCT sequence) AS numbers, count(*) AS events,
                       min(sequence) AS first, max(sequence) AS last
                FROM events GROUP BY platform_id
            ) AS e ON e.platform_id = c.platform_id
            WHERE (c.last_sequence, c.last_sequence, c.last_sequence, 1)
                  IS DISTINCT FROM (e.numbers, e.events, e.last, e.first)
            ORDER BY 1
            """
        ),
    )
)


register(
    Invariant(
        "event_for_a_webhook_has_a_delivery",
        "Every event since a webhook was switched on has a delivery, or is still to be queued.",
        by_sql(
            """
            SELECT e.id FROM webhook_endpoints w
            JOIN events e ON e.platform_id = w.platform_id
                         AND e.sequence > w.starts_after AND e.sequence <= w.queued_through
            LEFT JOIN webhook_deliveries d ON d.event_id = e.id
            WHERE d.id IS NULL
            ORDER BY e.id
            """
        ),
    )
)


register(
    Invariant(
        "delivery_is_of_its_event",
        "A delivery names the platform and the number of its event, and that platform's webhook.",
        by_sql(
            """
            SELECT d.id FROM webhook_deliveries d
            JOIN events e ON e.id = d.event_id
            JOIN webhook_endpoints w ON w.id = d.endpoint_id
            WHERE (d.platform_id, d.sequence) <> (e.platform_id, e.sequence)
               OR w.platform_id <> d.platform_id
            ORDER BY d.id
            """
        ),
    )
)


register(
    Invariant(
        "pending_delivery_is_due_at_a_webhook",
        "A delivery that has not ended has a time, and a webhook that is on.",
        by_sql(
            """
            SELECT d.id FROM webhook_deliveries d
            JOIN platforms p ON p.id = d.platform_id
            JOIN webhook_endpoints w ON w.id = d.endpoint_id
            WHERE d.status = 'pending'
              AND (d.next_attempt_at IS NULL OR d.ended_at IS NOT NULL
                   OR w.disabled_at IS NOT NULL OR p.webhook_url = '')
            ORDER BY d.id
            """
        ),
    )
)


register(
    Invariant(
        "webhook_is_no_further_than_its_events",
        "No webhook is ahead of its platform's events.",
        by_sql(
            """
            SELECT w.platform_id FROM webhook_endpoints w
            LEFT JOIN event_counters c ON c.platform_id = w.platform_id
            WHERE w.queued_through > coalesce(c.last_sequence, 0)
            ORDER BY w.platform_id
            """
        ),
    )
)
