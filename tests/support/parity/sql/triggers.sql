-- The six rules of the domain as row triggers, one function per rule.

-- update_worker_statistics: the counts move by what the row was and is, and the figures follow from them.
CREATE FUNCTION oracle.count_for_worker(task oracle.tasks, sign int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE oracle.workers
    SET completed = completed + sign * (task.status = 'completed')::int,
        lost = lost + sign * (task.status = 'cancelled' AND task.at_fault IS NOT DISTINCT FROM 'worker')::int,
        ratings = ratings + sign * (task.worker_rating IS NOT NULL)::int,
        stars = stars + sign * coalesce(task.worker_rating, 0),
        total_earned = total_earned + sign * coalesce(task.paid_amount, 0)
    WHERE id = task.worker_id;
END $$;

-- In whole hundredths: a half goes to the even one.
CREATE FUNCTION oracle.percent(part bigint, whole bigint) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    hundredths bigint;
    twice_left bigint;
BEGIN
    IF whole = 0 THEN
        RETURN 0;
    END IF;
    hundredths := 10000 * part / whole;
    twice_left := 2 * (10000 * part % whole);
    IF twice_left > whole OR (twice_left = whole AND hundredths % 2 = 1) THEN
        hundredths := hundredths + 1;
    END IF;
    RETURN hundredths * 0.01;
END $$;

-- The rate of disputes decided against the worker, counted afresh.
CREATE FUNCTION oracle.judge(worker uuid) RETURNS void LANGUAGE sql AS $$
    UPDATE oracle.workers
    SET dispute_rate = (
        SELECT oracle.percent(
            count(*) FILTER (WHERE id IN (SELECT task_id FROM oracle.disputes WHERE outcome = 'platform')),
            count(*))
        FROM oracle.tasks WHERE worker_id = worker AND status IN ('completed', 'cancelled')
    )
    WHERE id = worker
$$;

CREATE FUNCTION oracle.update_worker_statistics() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM oracle.count_for_worker(OLD, -1);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM oracle.count_for_worker(NEW, 1);
    END IF;
    UPDATE oracle.workers
    SET total_tasks = completed,
        completion_rate = oracle.percent(completed, completed + lost),
        average_rating = round(stars::numeric / nullif(ratings, 0), 2)
    WHERE id IN (OLD.worker_id, NEW.worker_id);
    PERFORM oracle.judge(OLD.worker_id), oracle.judge(NEW.worker_id);
    RETURN NULL;
END $$;

CREATE FUNCTION oracle.judge_after_dispute() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM oracle.judge(worker_id) FROM oracle.tasks WHERE id IN (OLD.task_id, NEW.task_id);
    RETURN NULL;
END $$;

CREATE TRIGGER a_worker AFTER INSERT OR UPDATE OR DELETE ON oracle.disputes
FOR EACH ROW EXECUTE FUNCTION oracle.judge_after_dispute();

CREATE TRIGGER a_worker AFTER INSERT OR UPDATE OR DELETE ON oracle.tasks
FOR EACH ROW EXECUTE FUNCTION oracle.update_worker_statistics();

-- update_platform_statistics: everything is counted afresh from the tasks.
CREATE FUNCTION oracle.latest_act(task oracle.tasks) RETURNS timestamptz LANGUAGE sql
RETURN greatest(task.created_at, task.assigned_at, task.started_at, task.disputed_at, task.completed_at,
                task.cancelled_at);

-- The platform's fee on what was paid: cut, not rounded, to six decimals.
CREATE FUNCTION oracle.fee(task oracle.tasks) RETURNS numeric LANGUAGE sql
RETURN trunc(coalesce(task.paid_amount, 0) * task.fee_bps / 10000, 6);

CREATE FUNCTION oracle.tally(platform uuid, type text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM oracle.task_tallies WHERE (platform_id, task_type) = (platform, type);
    INSERT INTO oracle.task_tallies
    SELECT platform_id, task_type,
           count(*) FILTER (WHERE status = 'created'),
           count(*) FILTER (WHERE status = 'assigned'),
           count(*) FILTER (WHERE status = 'in_progress'),
           count(*) FILTER (WHERE status = 'completed'),
           count(*) FILTER (WHERE status = 'disputed'),
           count(*) FILTER (WHERE status = 'cancelled'),
           coalesce(sum(paid_amount), 0),
           sum(oracle.fee(tasks)),
           coalesce(sum(completed_at - started_at) FILTER (WHERE status = 'completed'), '0')
    FROM oracle.tasks WHERE (platform_id, task_type) = (platform, type)
    GROUP BY platform_id, task_type;
END $$;

CREATE FUNCTION oracle.update_platform_statistics() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    task oracle.tasks := coalesce(NEW, OLD);
BEGIN
    IF TG_OP <> 'DELETE' AND task.worker_id IS NOT NULL THEN
        INSERT INTO oracle.engagements AS e (platform_id, worker_id, first_at, last_at)
        VALUES (task.platform_id, task.worker_id, oracle.latest_act(task), oracle.latest_act(task))
        ON CONFLICT (platform_id, worker_id) DO UPDATE
        SET first_at = least(e.first_at, excluded.first_at), last_at = greatest(e.last_at, excluded.last_at);
    END IF;
    UPDATE oracle.engagements AS e
    SET open_tasks = f.open, finished_tasks = f.finished, last_assigned_at = f.last_assigned_at,
        paid_amount = f.paid, small_pay = f.small
    FROM (
        SELECT max(assigned_at) AS last_assigned_at,
               coalesce(sum(paid_amount), 0) AS paid,
               coalesce(sum(CASE WHEN completed_at IS NOT NULL AND paid_amount < 1 THEN paid_amount END), 0.000000) AS small,
               count(*) FILTER (WHERE status IN ('assigned', 'in_progress', 'disputed')) AS open,
               count(*) FILTER (WHERE status IN ('completed', 'cancelled')) AS finished
        FROM oracle.tasks WHERE (platform_id, worker_id) = (task.platform_id, task.worker_id)
    ) AS f
    WHERE (e.platform_id, e.worker_id) = (task.platform_id, task.worker_id);
    UPDATE oracle.platforms
    SET (total_payouts, total_tasks, active_workers, unique_workers) = (
        SELECT coalesce(sum(paid_amount), 0),
               count(*),
               count(DISTINCT worker_id) FILTER (WHERE status IN ('assigned', 'in_progress', 'disputed')),
               count(DISTINCT worker_id)
        FROM oracle.tasks WHERE platform_id = task.platform_id
    )
    WHERE id = task.platform_id;
    PERFORM oracle.tally(task.platform_id, task.task_type);
    RETURN NULL;
END $$;

-- A task that goes back to its platform is on nobody's record: the pair is as if it had never been assigned.
CREATE FUNCTION oracle.forget_assignment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM oracle.engagements WHERE (platform_id, worker_id) = (OLD.platform_id, OLD.worker_id);
    INSERT INTO oracle.engagements
    SELECT platform_id, worker_id,
           count(*) FILTER (WHERE status IN ('assigned', 'in_progress', 'disputed')),
           count(*) FILTER (WHERE status IN ('completed', 'cancelled')),
           min(coalesce(assigned_at, created_at)),
           max(oracle.latest_act(tasks)),
           max(assigned_at),
           coalesce(sum(paid_amount), 0),
           coalesce(sum(CASE WHEN completed_at IS NOT NULL AND paid_amount < 1 THEN paid_amount END), 0)
    FROM oracle.tasks WHERE (platform_id, worker_id) = (OLD.platform_id, OLD.worker_id)
    GROUP BY platform_id, worker_id;
    RETURN NULL;
END $$;

CREATE TRIGGER a_pair AFTER UPDATE ON oracle.tasks
FOR EACH ROW WHEN (OLD.worker_id IS NOT NULL AND NEW.worker_id IS NULL)
EXECUTE FUNCTION oracle.forget_assignment();

CREATE TRIGGER b_platform AFTER INSERT OR UPDATE OR DELETE ON oracle.tasks
FOR EACH ROW EXECUTE FUNCTION oracle.update_platform_statistics();

CREATE FUNCTION oracle.end_engagements() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM oracle.engagements WHERE OLD.id IN (platform_id, worker_id);
    RETURN NULL;
END $$;

CREATE TRIGGER engagements_go_along AFTER DELETE ON oracle.workers
FOR EACH ROW EXECUTE FUNCTION oracle.end_engagements();
CREATE TRIGGER engagements_go_along AFTER DELETE ON oracle.platforms
FOR EACH ROW EXECUTE FUNCTION oracle.end_engagements();

-- update_reputation_score
CREATE FUNCTION oracle.update_reputation_score() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT reputation_score INTO STRICT NEW.previous_score FROM oracle.workers WHERE id = NEW.worker_id;
    SELECT count(*) + 1 INTO NEW.number FROM oracle.reputation_events WHERE worker_id = NEW.worker_id;
    NEW.new_score := greatest(0, least(1000, NEW.previous_score + NEW.delta));
    UPDATE oracle.workers SET reputation_score = NEW.new_score WHERE id = NEW.worker_id;
    RETURN NEW;
END $$;

CREATE TRIGGER score BEFORE INSERT ON oracle.reputation_events
FOR EACH ROW EXECUTE FUNCTION oracle.update_reputation_score();

-- update_stream_amounts
CREATE FUNCTION oracle.update_stream_amounts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.remaining_amount := NEW.total_amount - NEW.released_amount;
    IF NEW.remaining_amount = 0 AND NEW.status IN ('active', 'paused') THEN
        -- An active one has come to its end, however late that is noticed; a paused one is ended by an act.
        NEW.completed_at := CASE NEW.status WHEN 'active' THEN least(oracle.clock(), NEW.end_at)
                                            ELSE oracle.clock() END;
        NEW.status := 'completed';
        NEW.paused_at := NULL;
        NEW.next_release_at := NULL;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER amounts BEFORE INSERT OR UPDATE ON oracle.streams
FOR EACH ROW EXECUTE FUNCTION oracle.update_stream_amounts();

-- update_worker_last_active: `greatest` passes over NULL.
CREATE FUNCTION oracle.active_by_task() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE oracle.workers SET last_active_at = greatest(last_active_at, oracle.latest_act(NEW))
    WHERE id = NEW.worker_id;
    RETURN NULL;
END $$;

CREATE FUNCTION oracle.active_by_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE oracle.workers SET last_active_at = greatest(last_active_at, NEW.created_at)
    WHERE id = NEW.worker_id;
    RETURN NULL;
END $$;

CREATE TRIGGER c_activity AFTER INSERT ON oracle.tasks
FOR EACH ROW EXECUTE FUNCTION oracle.active_by_task();
CREATE TRIGGER activity AFTER INSERT ON oracle.transactions
FOR EACH ROW EXECUTE FUNCTION oracle.active_by_transaction();

-- update_account_ages: whole days by the calendar of UTC.
CREATE FUNCTION oracle.update_account_ages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE oracle.workers
    SET account_aged_on = date(timezone('UTC', NEW.began_at)),
        account_age_days = date(timezone('UTC', NEW.began_at)) - date(timezone('UTC', created_at))
    WHERE created_at <= NEW.began_at;
    RETURN NULL;
END $$;

CREATE TRIGGER ages AFTER INSERT ON oracle.days
FOR EACH ROW EXECUTE FUNCTION oracle.update_account_ages();
