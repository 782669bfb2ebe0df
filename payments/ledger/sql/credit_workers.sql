-- Credit the available money of workers out of one account: an entry for each row, and the balances follow. Where a balance
-- would be more than can be written down, nothing is booked, and the row says which account is `over`.
-- No entry has its number before all accounts are locked, as in a release of streams.
WITH given AS (
    SELECT * FROM unnest(%(accounts)s::bigint[], %(amounts)s::numeric[], %(withheld)s::numeric[], %(facts)s::text[],
                         %(subjects)s::uuid[])
        WITH ORDINALITY AS g(account_id, amount, withheld, fact, subject_id, place)
),
earned AS MATERIALIZED (
    SELECT account_id, sum(amount) AS amount, coalesce(sum(withheld), 0) AS withheld, array_agg(amount) AS amounts,
           array_agg(fact) AS facts, array_agg(subject_id) AS subjects, array_agg(place) AS places
    FROM given GROUP BY 1
),
locked AS MATERIALIZED (
    SELECT a.id, a.name, a.balance, e.* FROM earned e JOIN accounts a ON a.id = e.account_id
    ORDER BY a.id FOR NO KEY UPDATE OF a
),
over AS MATERIALIZED (
    SELECT id, name, balance, amount FROM locked WHERE balance + amount > %(largest)s
),
posting AS MATERIALIZED (
    SELECT nextval((SELECT pg_get_serial_sequence('ledger_entries', 'id'))::regclass) AS id, l.account_id, g.*
    FROM locked l
    CROSS JOIN LATERAL unnest(l.amounts, l.facts, l.subjects, l.places) AS g(amount, fact, subject_id, place)
    WHERE (SELECT count(*) FROM locked) > 0 AND NOT EXISTS (SELECT FROM over)
),
booked AS (
    INSERT INTO ledger_entries (id, kind, debit_account_id, credit_account_id, amount, idempotency_key, subject_kind,
        subject_id, created_at)
    SELECT id, %(kind)s::text, %(debit)s, account_id, amount, %(kind)s::text || ':' || fact, %(subject_kind)s, subject_id, %(now)s
    FROM posting
),
credited AS (
    UPDATE accounts a
    SET balance = a.balance + l.amount,
        -- The least of both, for a clock that was set back.
        oldest_part_at = least(a.oldest_part_at, %(now)s),
        -- What is withheld in the same transaction is not paid out.
        pay_at_once = a.pay_at_once OR a.balance + l.amount - l.withheld >= %(payout_minimum)s::numeric
    FROM locked l
    WHERE a.id = l.id AND NOT EXISTS (SELECT FROM over)
)
SELECT (SELECT array_agg(id ORDER BY place)::text FROM posting) AS entries,
       (SELECT count(*) FROM posting) AS booked,
       (SELECT json_build_array(name, balance::text, amount::text) FROM over ORDER BY id LIMIT 1) AS over
