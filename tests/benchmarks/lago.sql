-- Events of use as Lago keeps them: its published columns and indexes, as far as events have values for them.
CREATE TABLE lago_events (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), organization_id uuid NOT NULL, customer_id uuid, subscription_id uuid,
    transaction_id text NOT NULL, code text NOT NULL, properties jsonb NOT NULL DEFAULT '{}',
    metadata jsonb NOT NULL DEFAULT '{}', "timestamp" timestamp, external_customer_id text, external_subscription_id text,
    precise_total_amount_cents numeric(40, 15), created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
    deleted_at timestamp
);
CREATE UNIQUE INDEX ON lago_events (organization_id, external_subscription_id, transaction_id);
CREATE INDEX ON lago_events (external_subscription_id, organization_id, code, "timestamp") WHERE deleted_at IS NULL;
CREATE INDEX ON lago_events (external_subscription_id, code, "timestamp") WHERE deleted_at IS NULL;
CREATE INDEX ON lago_events (customer_id);
CREATE INDEX ON lago_events (deleted_at);
CREATE INDEX ON lago_events (organization_id);
CREATE INDEX ON lago_events (organization_id, code);
CREATE INDEX ON lago_events (organization_id, "timestamp") WHERE deleted_at IS NULL;
CREATE INDEX ON lago_events USING gin (properties);
