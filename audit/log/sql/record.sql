INSERT INTO audit_logs (created_at, actor_type, actor_id, ip_address, user_agent, request_id, action, resource_type,
    resource_id, changes_before, changes_after, metadata, success, error_message)
SELECT coalesce(line.created_at, money_clock()), line.actor_type, line.actor_id, line.ip_address,
    line.user_agent, line.request_id, line.action, line.resource_type, line.resource_id, line.before, line.after,
    line.metadata, line.error = '', line.error
FROM jsonb_to_recordset(%(lines)s) AS line (created_at timestamptz, actor_type text, actor_id text, ip_address inet,
    user_agent text, request_id text, action text, resource_type text, resource_id text, before jsonb, after jsonb,
    metadata jsonb, error text)
