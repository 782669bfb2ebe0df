"""Jobs that accrue, fund and pay royalties, distributions and pools."""

from gigstream.jobs.registry import job
from payments import services


@job
def accrue_royalties() -> int:
    return services.accrue_royalties()


@job
def fund_royalties() -> int:
    return services.fund_royalties()


@job
def end_royalty_periods() -> int:
    return services.end_royalty_periods()


@job
def pay_royalties() -> int:
    return services.pay_royalties()


@job
def pay_distributions() -> int:
    return services.pay_distributions()


@job
def pay_pools() -> int:
    return services.pay_pools()
