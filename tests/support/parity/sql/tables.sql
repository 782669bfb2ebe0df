-- A copy of the tables whose columns follow from others. Base columns are written by replaying what the
-- application wrote; every other column is kept by the triggers in `triggers.sql` alone.
CREATE SCHEMA oracle;

CREATE TABLE oracle.workers (
    id uuid PRIMARY KEY,
    created_at timestamptz NOT NULL,
    -- how many of the worker's tasks stand where, from which the figures follow
    completed int NOT NULL DEFAULT 0,
    lost int NOT NULL DEFAULT 0,
    ratings int NOT NULL DEFAULT 0,
    stars int NOT NULL DEFAULT 0,
    -- derived
    total_tasks int NOT NULL DEFAULT 0,
    total_earned numeric NOT NULL DEFAULT 0,
    completion_rate numeric NOT NULL DEFAULT 0,
    average_rating numeric,
    dispute_rate numeric NOT NULL DEFAULT 0,
    reputation_score int NOT NULL DEFAULT 500,
    last_active_at timestamptz,
    account_age_days int NOT NULL DEFAULT 0,
    account_aged_on date
);

CREATE TABLE oracle.platforms (
    id uuid PRIMARY KEY,
    -- derived
    total_payouts numeric NOT NULL DEFAULT 0,
    total_tasks int NOT NULL DEFAULT 0,
    active_workers int NOT NULL DEFAULT 0,
    unique_workers int NOT NULL DEFAULT 0
);

-- derived
CREATE TABLE oracle.engagements (
    platform_id uuid NOT NULL,
    worker_id uuid NOT NULL,
    open_tasks int NOT NULL DEFAULT 0,
    finished_tasks int NOT NULL DEFAULT 0,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    last_assigned_at timestamptz,
    paid_amount numeric NOT NULL DEFAULT 0,
    small_pay numeric NOT NULL DEFAULT 0.000000,
    PRIMARY KEY (platform_id, worker_id)
);

-- derived
CREATE TABLE oracle.task_tallies (
    platform_id uuid NOT NULL,
    task_type text NOT NULL,
    created_tasks int NOT NULL,
    assigned_tasks int NOT NULL,
    in_progress_tasks int NOT NULL,
    completed_tasks int NOT NULL,
    disputed_tasks int NOT NULL,
    cancelled_tasks int NOT NULL,
    paid_amount numeric NOT NULL,
    fee_amount numeric NOT NULL,
    took interval NOT NULL,
    PRIMARY KEY (platform_id, task_type)
);

CREATE TABLE oracle.tasks (
    id uuid PRIMARY KEY,
    platform_id uuid NOT NULL,
    worker_id uuid,
    task_type text NOT NULL,
    fee_bps int NOT NULL,
    status text NOT NULL,
    paid_amount numeric,
    worker_rating int,
    created_at timestamptz NOT NULL,
    assigned_at timestamptz,
    started_at timestamptz,
    completed_at timestamptz,
    cancelled_at timestamptz,
    disputed_at timestamptz,
    at_fault text
);
CREATE INDEX ON oracle.tasks (platform_id, worker_id);

CREATE TABLE oracle.disputes (
    id uuid PRIMARY KEY,
    task_id uuid NOT NULL,
    outcome text
);
CREATE INDEX ON oracle.disputes (task_id);

CREATE TABLE oracle.streams (
    id uuid PRIMARY KEY,
    total_amount numeric NOT NULL,
    released_amount numeric NOT NULL,
    end_at timestamptz NOT NULL,
    cancelled_at timestamptz,
    -- base until nothing remains, derived from then on
    status text NOT NULL DEFAULT 'active',
    paused_at timestamptz,
    next_release_at timestamptz,
    -- derived
    remaining_amount numeric NOT NULL,
    completed_at timestamptz
);

CREATE TABLE oracle.transactions (
    id uuid PRIMARY KEY,
    worker_id uuid,
    created_at timestamptz NOT NULL
);

CREATE TABLE oracle.reputation_events (
    id uuid PRIMARY KEY,
    worker_id uuid NOT NULL,
    delta int NOT NULL,
    -- derived
    number int NOT NULL,
    previous_score int NOT NULL,
    new_score int NOT NULL,
    UNIQUE (worker_id, number)
);

-- The days that have begun.
CREATE TABLE oracle.days (began_at timestamptz NOT NULL);

-- The time of the act that is being replayed.
CREATE FUNCTION oracle.clock() RETURNS timestamptz LANGUAGE sql
RETURN current_setting('oracle.now')::timestamptz;
