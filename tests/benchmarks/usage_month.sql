-- Raw events of a month, about as many of each creator, of which nothing is counted.
INSERT INTO usage_events (number, platform_number, work_number, creator_number, listener_number, occurred_at,
                          received_at, seconds, kind, amount, external_id)
SELECT %(per_batch)s * (1 + n / 5000) + n %% 5000, p.number, w.number, w.creator, n * 7919 %% %(listeners)s,
       at, at, CASE WHEN kind = 1 THEN 200 ELSE 0 END, kind, CASE WHEN kind = 7 THEN 0.5 END, 'month-' || n
FROM platforms p, generate_series(0, %(events)s::bigint - 1) AS n
CROSS JOIN LATERAL (SELECT CASE WHEN n %% 100 < 93 THEN 1 WHEN n %% 100 < 97 THEN 4 WHEN n %% 100 < 99 THEN 5
                           ELSE 7 END AS kind,
                           %(month)s::date + n * 1.0 / %(events)s * interval '28 days' AS at) AS given
JOIN (SELECT w.number, c.number AS creator, row_number() OVER (ORDER BY w.number) - 1 AS place
      FROM works w JOIN creator_profiles c ON c.id = w.creator_id) AS w
ON w.place = n * 104729 %% (SELECT count(*) FROM works)
