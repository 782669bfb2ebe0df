from gigstream.jobs.registry import job
from payments import services


@job
def oracle_sync() -> int:
    return services.sync_metrics()


@job
def record_distributions() -> int:
    return services.record_distributions()


@job
def advance_operations() -> int:
    """Send the operations that are due, and follow those under way."""
    return services.submit_operations() + services.follow_operations()


@job
def reconcile_oracle() -> int:
    comparison = services.reconcile_oracle()
    return comparison.creators + comparison.records
