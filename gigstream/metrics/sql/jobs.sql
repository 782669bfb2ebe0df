SELECT name AS job, every_seconds AS job_every_seconds,
       extract(epoch FROM money_clock() - last_started_at) AS job_start_age_seconds,
       extract(epoch FROM money_clock() - last_succeeded_at) AS job_success_age_seconds,
       (last_error <> '')::int AS job_failing
FROM job_heartbeats WHERE name = ANY(%(jobs)s::text[]) ORDER BY name
