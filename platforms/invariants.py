"""Tasks by themselves, the figures that follow from them, and what platforms are told."""

from audit.invariants import Invariant, by_sql, register
from platforms.statistics import WRONG_ENGAGEMENTS, WRONG_PLATFORMS, WRONG_TALLIES, WRONG_WORKERS

register(
    Invariant(
        "worker_statistics_follow_from_tasks",
        "A worker's completed tasks, earnings, rates and average rating follow from their tasks.",
        by_sql(WRONG_WORKERS),
    )
)

register(
    Invariant(
        "engagements_follow_from_tasks",
        "Every platform and worker with a task together have one engagement, which counts those tasks.",
        by_sql(WRONG_ENGAGEMENTS),
    )
)

register(
    Invariant(
        "platform_statistics_follow_from_tasks",
        "A platform's payouts, tasks, active and unique workers follow from its tasks.",
        by_sql(WRONG_PLATFORMS),
    )
)

register(
    Invariant(
        "task_tallies_follow_from_tasks",
        "A platform's tallies count its tasks by type and status, and sum up their pay, fees and time.",
        by_sql(WRONG_TALLIES),
    )
)

register(
    Invariant(
        "milestones_add_up_to_their_task",
        "A milestone task's steps are numbered without a gap, approved in order and add up to its amount.",
        by_sql(
            """
            SELECT t.id FROM tasks t LEFT JOIN milestones m ON m.task_id = t.id
            GROUP BY t.id
            HAVING (t.task_type = 'milestone') <> (count(m.id) > 0)
                OR sum(m.amount) <> t.amount
                OR max(m.number) <> count(m.id)
                OR max(m.number) FILTER (WHERE m.approved_at IS NOT NULL)
                   > min(m.number) FILTER (WHERE m.approved_at IS NULL)
            ORDER BY t.id
            """
        ),
    )
)

register(
    Invariant(
        "disputed_task_has_one_open_dispute",
        "A task is disputed exactly while one dispute over it is open.",
        by_sql(
            """
            SELECT t.id FROM tasks t
            LEFT JOIN disputes d ON d.task_id = t.id AND d.resolved_at IS NULL
            GROUP BY t.id HAVING count(d.id) <> (t.status = 'disputed')::int
            ORDER BY t.id
            """
        ),
    )
)

register(
    Invariant(
        "tasks_were_assigned_under_consent",
        "Every task was assigned while its worker's consent to work for the platform held.",
        by_sql(
            """
            SELECT t.id FROM tasks t
            WHERE t.assigned_at IS NOT NULL AND NOT EXISTS (
                SELECT FROM consents c
                WHERE c.worker_id = t.worker_id AND c.platform_id = t.platform_id
                  AND c.accepted_at <= t.assigned_at AND coalesce(c.ended_at, 'infinity') >= t.assigned_at
            )
            ORDER BY t.id
            """
        ),
    )
)

register(
    Invariant(
        "work_event_is_recorded_once",
        "No report of a platform is on record twice.",
        by_sql(
            """
            SELECT min(id::text) FROM work_events
            GROUP BY task_id, event_type, external_id, event_date HAVING count(*) > 1
            """
        ),
    )
)

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
        "A delivery names the platform and the number of its event.",
        by_sql(
            """
            SELECT d.id FROM webhook_deliveries d JOIN events e ON e.id = d.event_id
            WHERE (d.platform_id, d.sequence) <> (e.platform_id, e.sequence)
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
            LEFT JOIN webhook_endpoints w ON w.platform_id = d.platform_id
            WHERE d.status = 'pending'
              AND (d.next_attempt_at IS NULL OR d.ended_at IS NOT NULL OR w.platform_id IS NULL
                   OR w.disabled_at IS NOT NULL OR p.webhook_url = '')
            ORDER BY d.id
            """
        ),
    )
)

register(
    Invariant(
        "webhook_is_no_further_than_its_events",
        "No webhook is said to have been told of events that have not happened.",
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
