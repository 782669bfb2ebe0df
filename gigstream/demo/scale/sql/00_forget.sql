-- Drop the temporary tables, at the end and before a second seeding in the same session.
DROP TABLE IF EXISTS pg_temp.cast_workers, pg_temp.cast_platforms, pg_temp.plan, pg_temp.pay, pg_temp.steps, pg_temp.paid,
    pg_temp.repayments, pg_temp.write_offs, pg_temp.outgoing,
    pg_temp.cast_quests, pg_temp.quest_pairs, pg_temp.quest_facts, pg_temp.quest_budgets;
