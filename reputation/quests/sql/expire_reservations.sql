-- Expire reservations whose lease is over: the count of the worker, the place and the money go back in this statement.
-- Rows are locked in the order of all acts: counts, reservations, quests. A reservation that was used meanwhile is left
-- alone, and a reservation under which proof was handed in waits for its decision.
WITH due AS MATERIALIZED (
    SELECT r.id, r.quest_id, r.worker_id, r.period_date
    FROM quest_reservations r
    WHERE r.status = 'open' AND r.handed_in_at IS NULL AND r.expires_at <= %(now)s
    ORDER BY r.expires_at LIMIT %(most)s
),
counts_locked AS MATERIALIZED (
    SELECT c.id FROM quest_counts c
    WHERE (c.worker_id, c.quest_id) IN (SELECT worker_id, quest_id FROM due)
    ORDER BY c.worker_id, c.quest_id, c.period_date FOR NO KEY UPDATE OF c
),
reservations_locked AS MATERIALIZED (
    SELECT r.id FROM quest_reservations r
    WHERE r.id IN (SELECT id FROM due) AND (SELECT count(*) FROM counts_locked) >= 0
    ORDER BY r.id FOR NO KEY UPDATE
),
ended AS (
    UPDATE quest_reservations r SET status = 'expired', ended_at = %(now)s
    WHERE r.id IN (SELECT id FROM reservations_locked) AND r.status = 'open' AND r.handed_in_at IS NULL
    RETURNING r.id, r.quest_id, r.worker_id, r.period_date, r.amount
),
counted AS (
    SELECT quest_id, worker_id, period_date, count(*) AS n FROM ended GROUP BY 1, 2, 3
),
given AS (
    UPDATE quest_counts c SET n = c.n - d.n FROM counted d
    WHERE c.quest_id = d.quest_id AND c.worker_id = d.worker_id AND c.period_date IS NOT DISTINCT FROM d.period_date
),
sums AS (
    SELECT quest_id, sum(amount) AS amount, count(*) AS n FROM ended GROUP BY 1
),
quests_locked AS MATERIALIZED (
    SELECT q.id FROM quests q WHERE q.id IN (SELECT quest_id FROM sums) ORDER BY q.id FOR NO KEY UPDATE
),
freed AS (
    UPDATE quests q
    SET reserved = q.reserved - s.amount, places_taken = q.places_taken - s.n, updated_at = %(now)s
    FROM sums s WHERE s.quest_id = q.id AND q.id IN (SELECT id FROM quests_locked)
)
SELECT e.id, e.quest_id, e.worker_id FROM ended e ORDER BY e.id
