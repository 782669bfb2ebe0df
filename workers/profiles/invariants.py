"""Invariants within a worker's row."""

from audit.books.invariant_registry import Invariant, by_sql, register
from workers.services import WRONG_AGES

register(
    Invariant(
        "account_age_follows_from_its_day",
        "An account's age is the number of days from its creation to the day for which it was computed.",
        by_sql(WRONG_AGES),
    )
)


register(
    Invariant(
        "decision_is_about_a_worker",
        "Each decision is about a worker who is there, or whose leaving is in the audit log.",
        by_sql(
            """
            SELECT d.id FROM decisions d
            WHERE NOT EXISTS (SELECT FROM workers w WHERE w.id = d.worker_id)
              AND NOT EXISTS (SELECT FROM audit_logs l WHERE l.action = 'worker.delete'
                              AND l.resource_type = 'worker' AND l.resource_id = d.worker_id::text)
            ORDER BY d.id
            """
        ),
    )
)

register(
    Invariant(
        "suspension_has_its_decision",
        "A worker's last decision on a suspension agrees with the account's status.",
        by_sql(
            """
            SELECT w.id
            FROM (SELECT DISTINCT ON (worker_id) worker_id, outcome FROM decisions
                  WHERE rule = 'worker.suspension' ORDER BY worker_id, decided_at DESC, id DESC) last
            JOIN workers w ON w.id = last.worker_id
            WHERE (w.status = 'suspended') <> (last.outcome = 'suspended')
            ORDER BY w.id
            """
        ),
    )
)
