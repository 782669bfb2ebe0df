SELECT count(*) AS streams_due,
       coalesce(extract(epoch FROM money_clock() - min(next_release_at)), 0) AS streams_latest_seconds,
       (SELECT count(*) FROM streams WHERE parked_at IS NOT NULL) AS streams_parked
FROM streams
WHERE status = 'active' AND shard = ANY(%(shards)s::int[]) AND next_release_at <= money_clock()
