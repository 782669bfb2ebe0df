-- Write the sums and the status of locked quests with their outflows in an hour, the outflows of workers on a date, whose
-- rows are locked, and the outcomes of locked events: each is granted with the entry of its payout, if it has one, held,
-- rejected, or goes on waiting for an hour or a day.
WITH quests_written AS (
    UPDATE quests q
    SET granted = b.granted, reserved = b.reserved, places_taken = b.places_taken, status = b.status,
        updated_at = %(now)s
    FROM unnest(%(quests)s::uuid[], %(granted)s::numeric[], %(reserved)s::numeric[], %(places)s::int[],
                %(statuses)s::text[]) AS b(id, granted, reserved, places_taken, status)
    WHERE q.id = b.id
),
of_workers AS (
    UPDATE quest_worker_outflows w SET granted = w.granted + given.amount
    FROM unnest(%(paid_workers)s::uuid[], %(paid_amounts)s::numeric[]) AS given(worker_id, amount)
    WHERE w.worker_id = given.worker_id AND w.date = %(date)s::date
),
of_quests AS (
    INSERT INTO quest_outflows AS o (quest_id, hour, granted, events, is_reached)
    SELECT given.quest_id, %(hour)s::timestamptz, given.granted, given.events, given.is_reached
    FROM unnest(%(flowing)s::uuid[], %(flowed)s::numeric[], %(events)s::int[], %(reached)s::bool[])
        AS given(quest_id, granted, events, is_reached)
    ORDER BY given.quest_id
    ON CONFLICT (quest_id, hour) DO UPDATE
    SET granted = o.granted + excluded.granted, events = o.events + excluded.events,
        is_reached = o.is_reached OR excluded.is_reached
)
UPDATE quest_events e
SET status = o.status,
    granted_at = CASE WHEN o.status = 'granted' THEN %(now)s END,
    rejected_at = CASE WHEN o.status = 'rejected' THEN %(now)s END,
    held_until = o.held_until, hold_reason = o.hold_reason, hold_evidence = o.hold_evidence,
    factor = o.factor, factor_reason = o.factor_reason, factor_evidence = o.factor_evidence,
    waits_until = o.waits_until, entry_id = o.entry_id, code = o.code, message = o.message, numbers = o.numbers
FROM jsonb_to_recordset(%(outcomes)s) AS o(id bigint, status text, entry_id bigint, held_until timestamptz,
    hold_reason text, hold_evidence jsonb, factor numeric, factor_reason text, factor_evidence jsonb,
    waits_until timestamptz, code text, message text, numbers jsonb)
WHERE e.id = o.id
