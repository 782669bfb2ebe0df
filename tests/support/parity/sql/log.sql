-- What the application writes to base columns, statement by statement and in order, as SQL for the copy.
CREATE TABLE oracle.log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT oracle.clock(),
    statement text NOT NULL
);

-- The arguments are the table's base columns. How a stream looks once nothing remains is no base fact.
CREATE FUNCTION oracle.record() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was jsonb := CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(OLD) ELSE '{}' END;
    becomes jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) ELSE '{}' END;
    follows text[] := '{}';
    names text;
    contents text;
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO oracle.log (statement)
        VALUES (format('DELETE FROM oracle.%I WHERE id = %L', TG_TABLE_NAME, OLD.id));
        RETURN NULL;
    END IF;
    IF TG_TABLE_NAME = 'streams' AND becomes ->> 'status' = 'completed' THEN
        follows := '{status,completed_at,paused_at,next_release_at}';
    END IF;
    SELECT string_agg(quote_ident(n.key), ', '), string_agg(quote_nullable(n.value), ', ')
    INTO names, contents
    FROM jsonb_each_text(becomes) AS n LEFT JOIN jsonb_each_text(was) AS o USING (key)
    WHERE n.key = ANY (TG_ARGV) AND n.key <> ALL (follows)
      AND (TG_OP = 'INSERT' OR n.value IS DISTINCT FROM o.value);
    IF names IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO oracle.log (statement) VALUES (CASE TG_OP
        WHEN 'INSERT' THEN format('INSERT INTO oracle.%I (%s) VALUES (%s)', TG_TABLE_NAME, names, contents)
        ELSE format('UPDATE oracle.%I SET (%s) = ROW (%s) WHERE id = %L', TG_TABLE_NAME, names, contents, NEW.id)
    END);
    RETURN NULL;
END $$;
