-- The sums of `platform_rewards` from the transactions. The fee is taken on all bonuses of a task together; a reward or fee
-- of a quest says so itself.
SELECT platform_id, sum(bonus_amount) AS bonus_amount, sum(bonus_fee) AS bonus_fee,
       sum(quest_amount) AS quest_amount, sum(quest_fee) AS quest_fee
FROM (
    SELECT x.platform_id, sum(x.amount) AS bonus_amount,
           trunc(sum(x.amount) * t.fee_bps * 0.0001, 6) AS bonus_fee, 0 AS quest_amount, 0 AS quest_fee
    FROM transactions x JOIN tasks t ON t.id = x.task_id
    WHERE x.type = 'reward' AND x.status = 'confirmed' AND x.platform_id IS NOT NULL
    GROUP BY x.platform_id, t.id
    UNION ALL
    SELECT platform_id, 0, 0, coalesce(sum(amount) FILTER (WHERE type = 'reward'), 0),
           coalesce(sum(amount) FILTER (WHERE type = 'fee'), 0)
    FROM transactions
    WHERE quest_id IS NOT NULL AND platform_id IS NOT NULL AND type IN ('reward', 'fee')
    GROUP BY platform_id
) parts
GROUP BY platform_id
