from audit.books.invariant_registry import Invariant, by_sql, register

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
