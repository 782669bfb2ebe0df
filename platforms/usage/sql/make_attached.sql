CREATE TEMPORARY TABLE usage_attached (
    kind smallint, number bigint, platform_number bigint, work_number bigint, creator_number bigint,
    listener_number bigint, occurred_at timestamptz, received_at timestamptz, amends bigint, seconds int,
    amount numeric(20, 6), external_id text, content bytea
) ON COMMIT DROP
