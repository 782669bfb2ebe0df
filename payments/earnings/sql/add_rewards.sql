-- Adds the rewards of a batch to the sums of their platforms.
INSERT INTO platform_rewards AS r (platform_id, bonus_amount, bonus_fee, quest_amount, quest_fee)
SELECT platform_id, bonus_amount, bonus_fee, quest_amount, quest_fee
FROM unnest(%(platforms)s::uuid[], %(bonus_amounts)s::numeric[], %(bonus_fees)s::numeric[],
            %(quest_amounts)s::numeric[], %(quest_fees)s::numeric[])
    AS added(platform_id, bonus_amount, bonus_fee, quest_amount, quest_fee)
ORDER BY platform_id
ON CONFLICT (platform_id) DO UPDATE
SET bonus_amount = r.bonus_amount + excluded.bonus_amount,
    bonus_fee = r.bonus_fee + excluded.bonus_fee,
    quest_amount = r.quest_amount + excluded.quest_amount,
    quest_fee = r.quest_fee + excluded.quest_fee
