from audit import sealing
from audit.jobs import job


@job
def seal_audit_log() -> int:
    return sealing.seal()
