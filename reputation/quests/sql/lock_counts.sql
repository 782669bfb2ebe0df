-- Lock the counts of these workers, in a quest and a period each, made where they are missing.
INSERT INTO quest_counts (quest_id, worker_id, period_date, n)
SELECT DISTINCT given.quest_id, given.worker_id, given.period_date, 0
FROM unnest(%(quests)s::uuid[], %(workers)s::uuid[], %(dates)s::date[]) AS given(quest_id, worker_id, period_date)
ORDER BY given.worker_id, given.quest_id, given.period_date
ON CONFLICT (worker_id, quest_id, period_date) DO UPDATE SET n = quest_counts.n
RETURNING quest_id, worker_id, period_date, n
