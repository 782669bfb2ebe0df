-- The use of creators' works on days, given in pairs: plays, those of them that a rule holds or that people refused, the
-- rate of the day, what was bought and tipped, and the part of the purchases beyond the work's price of today.
CREATE FUNCTION royalty_uses(creators bigint[], days date[])
RETURNS TABLE (creator_number bigint, day date, work_number bigint, plays bigint, held bigint, refused bigint,
               rate numeric, sales numeric, above_price numeric)
LANGUAGE sql STABLE AS $$
    WITH pair AS MATERIALIZED (
        SELECT DISTINCT g.creator_number, g.day FROM unnest(creators, days) AS g(creator_number, day)
    ),
    left_out AS MATERIALIZED (
        SELECT pair.creator_number, f.day, m.work_number,
               count(*) FILTER (WHERE f.status = 'held') AS held,
               count(*) FILTER (WHERE f.status = 'confirmed') AS refused
        FROM pair JOIN creator_profiles c ON c.number = pair.creator_number
        JOIN usage_findings f ON f.creator_id = c.id AND f.day = pair.day
        JOIN usage_marks m ON m.finding_id = f.id
        WHERE f.status IN ('held', 'confirmed')
              AND NOT EXISTS (SELECT FROM usage_exclusions x WHERE x.event_number = m.event_number)
        GROUP BY 1, 2, 3
    )
    SELECT d.creator_number, d.day, d.work_number, d.plays, coalesce(l.held, 0), coalesce(l.refused, 0),
           coalesce(r.rate, 0), d.sales + d.tips,
           CASE WHEN w.price IS NULL THEN 0 ELSE greatest(d.sales - d.purchases * w.price, 0) END
    FROM pair JOIN work_days d ON d.creator_number = pair.creator_number AND d.day = pair.day
    JOIN works w ON w.number = d.work_number
    LEFT JOIN left_out l ON l.creator_number = d.creator_number AND l.day = d.day AND l.work_number = d.work_number
    LEFT JOIN LATERAL (
        SELECT rate FROM work_rates WHERE work_id = w.id AND valid_from <= d.day
        ORDER BY valid_from DESC, id DESC LIMIT 1
    ) AS r ON true
$$;
-- The worth of the plays that a finding of artificial use leaves out, by the rates of its day, without those that a
-- correction has taken away since.
CREATE FUNCTION finding_worth(finding bigint) RETURNS numeric LANGUAGE sql STABLE AS $$
    WITH marked AS (
        SELECT f.day, m.work_number, count(*) AS plays
        FROM usage_findings f JOIN usage_marks m ON m.finding_id = f.id
        WHERE f.id = finding AND NOT EXISTS (SELECT FROM usage_exclusions x WHERE x.event_number = m.event_number)
        GROUP BY 1, 2
    )
    SELECT coalesce(sum(m.plays * r.rate), 0)
    FROM marked m JOIN works w ON w.number = m.work_number
    CROSS JOIN LATERAL (
        SELECT rate FROM work_rates WHERE work_id = w.id AND valid_from <= m.day
        ORDER BY valid_from DESC, id DESC LIMIT 1
    ) AS r
$$;
-- reverse
DROP FUNCTION finding_worth(bigint);
DROP FUNCTION royalty_uses(bigint[], date[]);
