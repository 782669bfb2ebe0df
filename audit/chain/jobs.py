from audit.chain import services as sealing
from gigstream.jobs.registry import job


@job
def seal_audit_log() -> int:
    return sealing.seal()
