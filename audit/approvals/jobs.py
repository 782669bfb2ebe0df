from audit.approvals import services as approvals
from gigstream.jobs.registry import job


@job
def expire_approvals() -> int:
    return approvals.expire_approvals()
