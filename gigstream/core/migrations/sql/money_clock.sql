-- The time that money, its rows and its reports go by. The start of the statement, so that all rows of a statement
-- agree and an index can be searched by it.
CREATE FUNCTION money_clock() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT statement_timestamp()';
-- reverse
DROP FUNCTION money_clock();
