-- A digest of the rows of days, and their number.
SELECT md5(string_agg(part, '' ORDER BY part)), sum(rows) FROM (
    SELECT md5(sum(hashtextextended(d::text, 0))::text) AS part, count(*) AS rows FROM work_days d
    UNION ALL
    SELECT md5(sum(hashtextextended(d::text, 0))::text), count(*) FROM creator_days d
    UNION ALL
    SELECT md5(sum(hashtextextended(d::text, 0))::text), count(*) FROM work_listener_days d
    UNION ALL
    SELECT md5(sum(hashtextextended(d::text, 0))::text), count(*) FROM creator_listener_days d
) AS parts
