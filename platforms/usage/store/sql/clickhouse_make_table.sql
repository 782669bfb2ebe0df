-- Versions of events: of those with the same key, that with the highest version is left when parts are merged, and
-- FINAL reads no other. Events of a batch have numbers near each other, and lie in few parts.
CREATE TABLE IF NOT EXISTS usage_events (
    platform Int64,
    work Int64,
    day Date,
    number Int64,
    version UInt64,
    creator Int64,
    listener Int64,
    occurred_at DateTime64(6, 'UTC'),
    received_at DateTime64(6, 'UTC'),
    kind UInt8,
    seconds UInt32,
    amount Decimal(20, 6),
    amends Int64,
    external_id String,
    counts UInt8,
    INDEX by_number number TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(day)
ORDER BY (platform, work, day, number)
