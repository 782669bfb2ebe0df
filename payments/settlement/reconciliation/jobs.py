from gigstream.jobs.registry import job
from payments import services


@job
def reconcile_settlements() -> int:
    return services.reconcile_settlements()
