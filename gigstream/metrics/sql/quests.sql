-- Events of quests that are due to be granted, those whose grant has failed, and those that are held.
SELECT count(*) FILTER (WHERE waits_until IS NULL OR waits_until <= money_clock()) AS quest_events_due,
       coalesce(extract(epoch FROM money_clock() - min(created_at)
                FILTER (WHERE waits_until IS NULL OR waits_until <= money_clock())), 0) AS quest_events_oldest_seconds,
       count(*) FILTER (WHERE code = %(failed)s) AS quest_events_failing,
       (SELECT count(*) FROM quest_events WHERE status = 'held') AS quest_rewards_held
FROM quest_events
WHERE status = 'received'
