"""Pay for use that waits as a reason why a worker or platform cannot leave yet."""

from django.db.models import Q

from payments.models import Distribution, DistributionShare, PeriodPay, Pool, PoolMember
from payments.royalties.enums import DistributionStatus, PoolStatus
from payments.royalties.errors import RoyaltiesNotPaid
from platforms.models import Platform
from workers.departures import platform_departures, worker_departures
from workers.models import Worker

_WAITS = Q(carried__gt=0) | Q(unfunded__gt=0) | Q(held__gt=0)


@worker_departures.register
def _require_paid_royalties(worker: Worker) -> None:
    waiting = PeriodPay.objects.filter(_WAITS, creator__worker=worker).exists()
    shares = DistributionShare.objects.filter(
        creator__worker=worker,
        entry=None,
        amount__gt=0,
        distribution__status=DistributionStatus.APPROVED,
    ).exists()
    members = PoolMember.objects.filter(creator__worker=worker).exclude(pool__status=PoolStatus.CLOSED)
    if waiting or shares or members.filter(Q(units__gt=0) | Q(fraction__gt=0)).exists():
        raise RoyaltiesNotPaid(f"{worker} is still to be paid for the use of works")


@platform_departures.register
def _require_royalties_of_platform(platform: Platform) -> None:
    waiting = PeriodPay.objects.filter(_WAITS, period__platform=platform).exists()
    approved = Distribution.objects.filter(platform=platform, status=DistributionStatus.APPROVED).exists()
    pools = Pool.objects.filter(platform=platform).exclude(status=PoolStatus.CLOSED).exists()
    if waiting or approved or pools:
        raise RoyaltiesNotPaid(f"{platform} is still to pay creators for the use of works")
