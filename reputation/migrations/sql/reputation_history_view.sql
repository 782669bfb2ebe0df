-- A worker's score over time, event by event. No grouping: any filter reaches the indexes of the events.
CREATE VIEW reputation_history_view AS
SELECT e.id AS event_id,
       e.worker_id,
       e.number,
       e.created_at AS happened_at,
       e.event_type,
       e.task_id,
       e.delta,
       e.previous_score,
       e.new_score,
       e.new_score - e.previous_score AS change,
       CASE WHEN e.new_score >= 900 THEN 'Diamond'
            WHEN e.new_score >= 800 THEN 'Platinum'
            WHEN e.new_score >= 700 THEN 'Gold'
            WHEN e.new_score >= 600 THEN 'Silver'
            WHEN e.new_score >= 400 THEN 'Bronze'
            ELSE 'Starter' END AS tier,
       e.reason
FROM reputation_events e;
-- reverse
DROP VIEW reputation_history_view;
