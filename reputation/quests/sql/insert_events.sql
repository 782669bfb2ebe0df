-- Write new events in the order of their numbers, each fact once: a fact that another transaction has just written is
-- left out of the rows returned.
INSERT INTO quest_events (created_at, quest_id, worker_id, event_type, external_id, event_date, occurred_at, evidence,
    reward_kind, amount, reservation_id, factor, factor_reason, factor_evidence, status, held_until, hold_reason,
    hold_evidence, code, message, numbers)
SELECT %(now)s, %(quest)s, e.worker_id, e.event_type, e.external_id, e.event_date, e.occurred_at, e.evidence,
       %(reward_kind)s, e.amount, e.reservation_id, 1, '', '{}', 'received', NULL, '', '{}', '', '', '{}'
FROM jsonb_to_recordset(%(events)s) AS e(number int, worker_id uuid, event_type text, external_id text,
    event_date date, occurred_at timestamptz, evidence jsonb, amount numeric,
    reservation_id uuid)
ORDER BY e.number
ON CONFLICT (quest_id, external_id, event_date) DO NOTHING
RETURNING id, external_id, event_date
