from audit.books.invariant_registry import Invariant, by_sql, register

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
