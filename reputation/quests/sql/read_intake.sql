-- Rows that decide on facts of a quest, read under the locks of the workers' counts: the events of known facts, open
-- reservations, who has agreed to work for the platform (as `Consent.objects.in_force_at`), whether earlier events wait
-- for no hour or day, and for a cooldown each worker's latest event.
SELECT ARRAY(SELECT v.id FROM quest_events v
             WHERE v.quest_id = %(quest)s AND v.external_id = ANY(%(external_ids)s::text[])) AS known,
       ARRAY(SELECT r.id FROM quest_reservations r
             WHERE r.quest_id = %(quest)s AND r.worker_id = ANY(%(workers)s::uuid[]) AND r.status = 'open') AS reserved,
       ARRAY(SELECT c.worker_id FROM consents c
             WHERE c.platform_id = %(platform)s::uuid AND c.worker_id = ANY(%(workers)s::uuid[])
               AND c.ended_at IS NULL AND c.accepted_at <= %(now)s) AS consenting,
       EXISTS (SELECT FROM quest_events v WHERE v.quest_id = %(quest)s AND v.status = 'received'
               AND (v.waits_until IS NULL OR v.waits_until <= %(now)s)) AS is_behind_others,
       (SELECT jsonb_object_agg(l.worker_id, l.at) FROM (
            SELECT v.worker_id, max(v.created_at) AS at FROM quest_events v
            WHERE %(cooldown)s > 0 AND v.quest_id = %(quest)s AND v.worker_id = ANY(%(workers)s::uuid[])
              AND v.status <> 'rejected'
            GROUP BY v.worker_id) l) AS latest
