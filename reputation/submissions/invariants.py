"""Submissions against their events, their reviews and the places that they keep."""

from audit.books.invariant_registry import Invariant, by_sql, register

register(
    Invariant(
        "submission_is_rewarded_by_its_event",
        "The event of an approved submission is of its quest and worker, and names the submission and its"
        " proof unless the worker has left.",
        by_sql(
            """
            SELECT s.id
            FROM submissions s JOIN quest_events v ON v.id = s.event_id JOIN workers w ON w.id = s.worker_id
            WHERE (v.quest_id, v.worker_id) <> (s.quest_id, s.worker_id)
               OR (w.deleted_at IS NULL AND (v.evidence ->> 'submission' IS DISTINCT FROM s.id::text
                                             OR v.external_id <> s.sha256 || s.link))
            ORDER BY s.id
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "submission_event_has_its_submission",
        "Each event of a quest that takes submissions is that of one approved submission.",
        by_sql(
            """
            SELECT v.id FROM quest_events v JOIN quests q ON q.id = v.quest_id
            WHERE q.kind = 'submission' AND v.event_type = 'submission'
              AND NOT EXISTS (SELECT FROM submissions s WHERE s.event_id = v.id AND s.status = 'approved')
            ORDER BY v.id
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "submission_was_reviewed",
        "A submission that a person has decided has that person's verdict; an appeal was decided by somebody"
        " who had not rejected.",
        by_sql(
            """
            SELECT s.id FROM submissions s
            WHERE s.status IN ('approved', 'rejected') AND s.reviewed_by <> 'system' AND NOT EXISTS (
                SELECT FROM submission_reviews r
                WHERE r.submission_id = s.id AND r.reviewer = s.reviewed_by
                  AND r.verdict = CASE s.status WHEN 'approved' THEN 'approve' ELSE 'reject' END
                  AND r.of_appeal = (s.appealed_at IS NOT NULL))
            ORDER BY s.id
            """
        ),
    )
)

register(
    Invariant(
        "submission_keeps_a_place_of_its_own",
        "A place whose lease does not end is that of a submission that waits, or that was rejected and can be"
        " appealed, of the same worker and quest; each submission that waits has such a place.",
        by_sql(
            """
            SELECT 'reservation ' || r.id FROM quest_reservations r
            WHERE r.status = 'open' AND r.handed_in_at IS NOT NULL AND NOT EXISTS (
                SELECT FROM submissions s
                WHERE s.reservation_id = r.id AND s.status <> 'approved'
                  AND (s.worker_id, s.quest_id) = (r.worker_id, r.quest_id))
            UNION ALL
            SELECT 'submission ' || s.id FROM submissions s
            JOIN quest_reservations r ON r.id = s.reservation_id
            WHERE s.status IN ('received', 'pending', 'appealed')
              AND (r.status <> 'open' OR r.handed_in_at IS NULL)
            """
        ),
    )
)

register(
    Invariant(
        "submission_has_its_decision",
        "Each submission that was approved or rejected has the decision about it, unless its worker left.",
        by_sql(
            """
            SELECT s.id FROM submissions s
            WHERE s.status IN ('approved', 'rejected') AND s.code <> 'worker_left' AND NOT EXISTS (
                SELECT FROM decisions d
                WHERE d.subject_type = 'submission' AND d.subject_id = s.id::text
                  AND d.rule LIKE 'submission.%%'
                  AND (d.outcome = s.status OR (s.code <> '' AND d.rule = 'submission.check')))
            ORDER BY s.id
            """
        ),
    )
)
