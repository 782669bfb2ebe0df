-- Tables of an application that records events one by one.
CREATE TABLE plain_works (id bigint PRIMARY KEY, external_id text UNIQUE, creator_id bigint);
CREATE TABLE plain_events (
    external_id text PRIMARY KEY, work_id bigint, creator_id bigint, kind text, listener text,
    occurred_at timestamptz, seconds int, amount numeric(20, 6));
CREATE INDEX ON plain_events (creator_id, occurred_at);
CREATE TABLE plain_listeners (
    creator_id bigint, day date, listener text, PRIMARY KEY (creator_id, day, listener));
CREATE TABLE plain_days (
    creator_id bigint, day date, plays bigint, listeners bigint, seconds bigint, tips numeric(20, 6),
    PRIMARY KEY (creator_id, day));
INSERT INTO plain_works SELECT w.number, w.external_id, c.number
FROM works w JOIN creator_profiles c ON c.id = w.creator_id;
