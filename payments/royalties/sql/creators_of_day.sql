-- The creators of a platform with use on a day.
SELECT d.creator_number FROM creator_profiles c
JOIN creator_days d ON d.creator_number = c.number AND d.day = %(day)s
WHERE c.platform_id = %(platform)s
