-- Add to locked counts, below 0 for what is given back. No count passes its limit, where there is one (`limits`).
UPDATE quest_counts c
SET n = c.n + given.added
FROM unnest(%(quests)s::uuid[], %(workers)s::uuid[], %(dates)s::date[], %(added)s::int[], %(limits)s::int[])
    AS given(quest_id, worker_id, period_date, added, most)
WHERE c.quest_id = given.quest_id AND c.worker_id = given.worker_id
  AND c.period_date IS NOT DISTINCT FROM given.period_date
  AND (given.most IS NULL OR given.added < 0 OR c.n + given.added <= given.most)
RETURNING c.worker_id, c.period_date, c.n
