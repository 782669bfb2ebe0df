-- The outflows of these quests in an hour; locked quests keep them as they are.
SELECT quest_id, granted, is_reached FROM quest_outflows
WHERE quest_id = ANY(%(quests)s::uuid[]) AND hour = %(hour)s
