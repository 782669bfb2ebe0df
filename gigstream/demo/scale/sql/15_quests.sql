-- Quests with their budgets and sums, their events with the counts, and what the events have led to: points, check-ins.
INSERT INTO quests (id, created_at, updated_at, platform_id, slug, title, instructions, kind, network, is_claimable,
    reward_kind, reward_amount, fee_bps, period, limit_per_worker, places_taken, budget, granted, reserved,
    cooldown_seconds, min_tier, min_account_age_days, countries, status, opened_at, metadata)
SELECT q.id, opened_at, %(now)s, platform_id, slug, title, '', kind, '', kind <> 'check_in', reward_kind, q.amount, fee_bps, 'daily', 1,
       events, b.budget, granted, 0, 0, '', 0, '{}', 'open', opened_at, '{}'
FROM cast_quests q LEFT JOIN quest_budgets b ON b.quest = q.n,
LATERAL (SELECT count(*) AS events, coalesce(sum(amount), 0) AS granted FROM quest_facts WHERE quest = q.n) AS e;

INSERT INTO quest_fundings (id, created_at, quest_id, amount, fee)
SELECT funding_id, at, q.id, budget, fee FROM quest_budgets b JOIN cast_quests q ON q.n = b.quest;

INSERT INTO quest_events (id, created_at, quest_id, worker_id, event_type, external_id, event_date, occurred_at, evidence,
    reward_kind, amount, status, hold_reason, hold_evidence, entry_id, granted_at, code, message, numbers)
SELECT f.id, f.at, q.id, w.id, q.kind, w.id::text, event_date, f.at, '{}', reward_kind, f.amount, 'granted', '', '{}', e.id, f.at, '',
       '', '{}'
FROM quest_facts f
JOIN cast_quests q ON q.n = f.quest
JOIN cast_workers w ON w.n = f.worker
LEFT JOIN ledger_entries e ON reward_kind = 'payout' AND e.idempotency_key = 'reward:quest_event:' || f.id
ORDER BY f.id;

INSERT INTO quest_counts (quest_id, worker_id, period_date, n)
SELECT quest_id, worker_id, event_date, 1 FROM quest_events ORDER BY id;

INSERT INTO quest_outflows (quest_id, hour, granted, events, is_reached)
SELECT quest_id, date_trunc('hour', granted_at, 'UTC'), sum(amount), count(*), false FROM quest_events GROUP BY 1, 2;

INSERT INTO quest_worker_outflows (worker_id, date, granted)
SELECT worker_id, (granted_at AT TIME ZONE 'UTC')::date, sum(amount) FROM quest_events WHERE reward_kind = 'payout'
GROUP BY 1, 2;

INSERT INTO points_entries (created_at, worker_id, platform_id, kind, amount, balance_after, earned_at, reason,
    quest_event_id, requested_by, approved_by)
SELECT f.at, w.id, platform_id, 'grant', f.amount, sum(f.amount) OVER (PARTITION BY f.worker, f.quest ORDER BY f.id), f.at,
       'Quest: ' || title, f.id, '', ''
FROM quest_facts f JOIN cast_quests q ON q.n = f.quest JOIN cast_workers w ON w.n = f.worker
WHERE reward_kind = 'points'
ORDER BY f.id;

INSERT INTO points_balances (worker_id, platform_id, balance, updated_at)
SELECT worker_id, platform_id, sum(amount), max(created_at) FROM points_entries GROUP BY 1, 2;

-- A streak is a run of dates without a gap.
INSERT INTO check_ins (created_at, worker_id, local_date, claimed_at, streak_started_on, streak_days)
SELECT at, w.id, event_date, at, min(event_date) OVER run, row_number() OVER run
FROM (SELECT *, event_date - row_number() OVER (PARTITION BY worker ORDER BY event_date)::integer AS begun
      FROM quest_facts WHERE quest = 0) AS f
JOIN cast_workers w ON w.n = f.worker
WINDOW run AS (PARTITION BY f.worker, begun ORDER BY event_date)
ORDER BY f.id;

INSERT INTO streak_zones (created_at, worker_id, time_zone, first_date)
SELECT min(claimed_at), c.worker_id, w.time_zone, min(local_date)
FROM check_ins c JOIN workers w ON w.id = c.worker_id GROUP BY c.worker_id, w.time_zone;
