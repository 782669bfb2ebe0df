from gigstream.jobs.registry import job
from reputation.milestones import services


@job
def act_on_milestones() -> int:
    return services.act_on_milestones()
