-- The rewards that platforms have paid for their quests, each with the growth of the fee on all of its quest so far.
INSERT INTO transactions (id, created_at, updated_at, type, status, amount, fee, worker_id, platform_id, subject_kind,
    subject_id, from_wallet, to_wallet, confirmations, idempotency_key, retry_count, error_message, confirmed_at, metadata)
SELECT pg_temp.row_id(v.kind, f.id, f.at), f.at, f.at, type_, 'confirmed', part, 0, CASE type_ WHEN 'reward' THEN w.id END,
       q.platform_id, %(quest_kind)s, q.id, '', '', 0, type_ || ':quest_event:' || f.id, 0, '', f.at, '{}'
FROM quest_facts f
JOIN cast_quests q ON q.n = f.quest
JOIN cast_workers w ON w.n = f.worker,
LATERAL (VALUES (18, 'reward', f.amount), (19, 'fee', pg_temp.share(upto, fee_bps) - pg_temp.share(upto - f.amount, fee_bps)))
    AS v (kind, type_, part)
WHERE reward_kind = 'payout' AND part > 0
ORDER BY f.id, v.kind;
