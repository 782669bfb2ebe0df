-- Tasks, milestones and disputes according to the plan.
INSERT INTO tasks (id, created_at, updated_at, platform_id, worker_id, external_task_id, title, description, task_type,
    amount, fee_bps, status, due_at, assigned_at, assignment_number, cancelled_by, at_fault, started_at, completed_at, cancelled_at, disputed_at,
    duration_seconds, release_interval, paid_amount, verification_data, completion_proof, worker_rating, metadata)
SELECT p.id, posted_at, coalesce(greatest(assigned_at, started_at, disputed_at, completed_at, cancelled_at), posted_at),
       pl.id, CASE WHEN assigned_at IS NOT NULL THEN w.id END, 'order-' || p.n,
       (ARRAY['Delivery', 'Translation', 'Photographs', 'Repair', 'Survey', 'Cleaning', 'Support shift', 'Stock count'])
           [1 + pg_temp.dice(p.n, 50, 8)] || ' ' || p.n, '',
       type, p.amount, p.fee_bps,
       CASE WHEN cancelled_at IS NOT NULL THEN 'cancelled' WHEN disputed_at > coalesce(resolved_at, '-infinity') THEN 'disputed'
            WHEN completed_at IS NOT NULL THEN 'completed' WHEN started_at IS NOT NULL THEN 'in_progress'
            WHEN assigned_at IS NOT NULL THEN 'assigned' ELSE 'created' END,
       CASE WHEN due_at IS NOT NULL THEN greatest(due_at, posted_at + interval '1 minute') END, assigned_at, (assigned_at IS NOT NULL)::int,
       CASE WHEN cancelled_at IS NOT NULL THEN CASE WHEN resolved_at IS NULL THEN 'platform' ELSE 'staff' END END,
       CASE WHEN resolved_at IS NOT NULL THEN CASE outcome WHEN 'platform' THEN 'worker' ELSE 'platform' END END,
       started_at, completed_at, cancelled_at, disputed_at, duration, every,
       CASE WHEN closed_at IS NOT NULL THEN paid.amount END, '{}', '{}', rating, '{}'
FROM plan p
JOIN cast_workers w ON w.n = worker
JOIN cast_platforms pl ON pl.n = platform
JOIN paid ON paid.task = p.n
ORDER BY p.n;

INSERT INTO milestones (task_id, number, title, amount, approved_at)
SELECT p.id, s.number, 'Step ' || s.number, s.amount, CASE WHEN s.approved THEN s.at END
FROM steps s JOIN plan p ON p.n = s.task
ORDER BY s.task, s.number;

INSERT INTO disputes (id, created_at, filed_at, task_id, severity, reason, resolved_at, outcome, worker_amount, refund_amount,
    resolution)
SELECT pg_temp.row_id(5, n, disputed_at), disputed_at, disputed_at, id, 1 + pg_temp.dice(n, 51, 5), 'The work is not what was agreed.',
       resolved_at, outcome,
       CASE WHEN outcome IS NULL THEN NULL WHEN fate = 'contested' THEN at_the_end ELSE 0 END,
       CASE WHEN outcome IS NULL THEN NULL
            WHEN fate = 'contested' THEN held - paid.amount - pg_temp.share(paid.amount, fee_bps) ELSE 0 END,
       CASE WHEN outcome IS NULL THEN '' ELSE 'Decided for the ' || outcome || '.' END
FROM plan JOIN paid ON paid.task = n
WHERE disputed_at IS NOT NULL
ORDER BY disputed_at;

-- Each worker accepted an invitation an hour before the platform's first task for them.
INSERT INTO consents (id, created_at, platform_id, worker_id, source, accepted_at)
SELECT pg_temp.row_id(15, number, first_at), first_at, platform_id, worker_id, 'invitation', first_at
FROM (SELECT row_number() OVER (ORDER BY min(assigned_at), platform_id, worker_id) AS number, platform_id, worker_id,
             min(assigned_at) - interval '1 hour' AS first_at
      FROM tasks WHERE worker_id IS NOT NULL GROUP BY platform_id, worker_id) AS pairs;
