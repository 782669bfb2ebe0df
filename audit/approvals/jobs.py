from audit.approvals import letters
from audit.approvals import services as approvals
from gigstream.jobs.registry import job


@job
def expire_approvals() -> int:
    return approvals.expire_approvals()


@job
def send_approval_notices() -> int:
    return letters.send_approval_notices()
