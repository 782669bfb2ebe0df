-- Statements to drop and to restore each index and foreign key of a table except its primary key, foreign keys last.
-- A partial index over a list of values stays: PostgreSQL would restore it with another definition.
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname) AS drop,
       format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS make,
       contype
FROM pg_constraint WHERE conrelid = %(table)s::regclass AND contype IN ('u', 'f')
UNION ALL
SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid), 'i'
FROM pg_index i
WHERE indrelid = %(table)s::regclass AND NOT indisprimary
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = indrelid AND contype = 'u')
  AND coalesce(pg_get_expr(indpred, indrelid) NOT LIKE '%%ARRAY[%%', true)
ORDER BY contype DESC
