-- Quests and their events: as many as tasks. Six in ten are check-ins of the house's quest, in streaks of nine days; three
-- give points of a platform; one is paid by a platform, to workers without advances, of whose rewards nothing is withheld.
-- Workers who joined before the year began take part, for platforms that they work for.
CREATE TEMP TABLE cast_quests AS
SELECT q.n, pg_temp.row_id(16, q.n, opened_at) AS id, q.platform, p.id AS platform_id, q.kind, q.reward_kind, q.amount,
       CASE q.reward_kind WHEN 'payout' THEN p.fee_bps ELSE 0 END AS fee_bps, q.title, q.slug, opened_at
FROM (
    SELECT 0 AS n, NULL::integer AS platform, 'check_in' AS kind, 'points' AS reward_kind, 10::numeric AS amount,
           'Daily check-in' AS title, 'daily-check-in' AS slug
    UNION ALL
    SELECT 1 + 2 * n, n, 'custom', 'points', 5, 'Rate your day', 'rate-your-day' FROM cast_platforms
    UNION ALL
    SELECT 2 + 2 * n, n, 'custom', 'payout', 1.5, 'Photograph a shelf', 'photograph-a-shelf' FROM cast_platforms
) AS q
LEFT JOIN cast_platforms p ON p.n = q.platform,
LATERAL (SELECT date_trunc('day', %(now)s::timestamptz, 'UTC') - interval '140 days' AS opened_at) AS o;

-- Workers for whom a platform's quests are open all the time, with those platforms by number.
CREATE TEMP TABLE quest_pairs AS
SELECT *, dense_rank() OVER (ORDER BY worker) - 1 AS rank,
       count(*) OVER (PARTITION BY worker) AS pairs,
       row_number() OVER (PARTITION BY worker ORDER BY platform) - 1 AS pair,
       NOT EXISTS (SELECT FROM loans l WHERE l.worker_id = found.worker_id) AS is_free_of_loans
FROM (
    SELECT w.n AS worker, w.id AS worker_id, p.n AS platform
    FROM consents c JOIN cast_workers w ON w.id = c.worker_id JOIN cast_platforms p ON p.id = c.platform_id
    WHERE w.joined_at <= %(start)s AND c.accepted_at <= %(now)s - interval '140 days'
) AS found;

CREATE TEMP TABLE quest_facts AS
WITH present AS (SELECT n AS worker, row_number() OVER (ORDER BY n) - 1 AS rank FROM cast_workers WHERE joined_at <= %(start)s),
free AS (SELECT worker, dense_rank() OVER (ORDER BY worker) - 1 AS rank, platform, pair, pairs FROM quest_pairs WHERE is_free_of_loans),
-- How many there are, counted once; null where nobody is.
sizes AS MATERIALIZED (
    SELECT (SELECT nullif(count(*), 0) FROM present) AS all_present, (SELECT max(rank) + 1 FROM quest_pairs) AS with_pairs,
           (SELECT max(rank) + 1 FROM free) AS all_free
),
acts AS (
    SELECT 0 AS quest, worker, 1 + 12 * (round / 9) + mod(round, 9) AS days_ago
    FROM (SELECT i / all_present AS round, mod(i, all_present) AS rank
          FROM sizes, generate_series(0, %(tasks)s * 6 / 10 - 1) AS i) AS turns
    JOIN present USING (rank)
    UNION ALL
    SELECT 1 + 2 * platform, worker, 1 + round
    FROM (SELECT i / with_pairs AS round, mod(i, with_pairs) AS rank
          FROM sizes, generate_series(0, %(tasks)s * 3 / 10 - 1) AS i) AS turns
    JOIN quest_pairs USING (rank)
    WHERE pair = mod(round, pairs)
    UNION ALL
    SELECT 2 + 2 * platform, worker, 1 + round
    FROM (SELECT i / all_free AS round, mod(i, all_free) AS rank
          FROM sizes, generate_series(0, %(tasks)s / 10 - 1) AS i) AS turns
    JOIN free USING (rank)
    WHERE pair = mod(round, pairs)
),
timed AS (
    SELECT quest, worker, at, (at AT TIME ZONE 'UTC')::date AS event_date
    FROM acts,
    LATERAL (SELECT date_trunc('day', %(now)s::timestamptz, 'UTC') - interval '1 day' * days_ago
                    + interval '1 minute' * pg_temp.dice(worker * 512::bigint + days_ago, 160 + mod(quest, 2), 1440) AS at) AS t
    WHERE days_ago < 140
),
numbered AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('quest_events', 'id')) AS id, sorted.*
    FROM (SELECT * FROM timed ORDER BY at, worker, quest) sorted
)
SELECT f.*, q.amount, sum(q.amount) OVER (PARTITION BY quest ORDER BY f.id) AS upto
FROM numbered f JOIN cast_quests q ON q.n = f.quest;
CREATE UNIQUE INDEX ON quest_facts (id);
ANALYZE quest_facts;

-- The budgets of what is paid leave 100 USDC free; `held` is the budget with the fee on it.
CREATE TEMP TABLE quest_budgets AS
SELECT q.n AS quest, pg_temp.row_id(17, q.n, opened_at) AS funding_id, opened_at AS at, platform, budget,
       pg_temp.share(budget, fee_bps) AS fee, budget + pg_temp.share(budget, fee_bps) AS held
FROM cast_quests q,
LATERAL (SELECT 100 + ceil(coalesce(sum(amount), 0)) AS budget FROM quest_facts WHERE quest = q.n) AS b
WHERE reward_kind = 'payout';
