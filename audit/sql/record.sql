INSERT INTO audit_logs (created_at, actor_type, actor_id, ip_address, user_agent, request_id, action, resource_type,
    resource_id, changes_before, changes_after, metadata, success, error_message)
SELECT coalesce(%(now)s, statement_timestamp()), %(actor_type)s, %(actor_id)s, %(ip_address)s::inet, %(user_agent)s,
    %(request_id)s, line.action, line.resource_type, line.resource_id, line.before, line.after, line.metadata,
    line.error = '', line.error
FROM jsonb_to_recordset(%(lines)s) AS line (action text, resource_type text, resource_id text, before jsonb,
    after jsonb, metadata jsonb, error text)
