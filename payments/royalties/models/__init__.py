from payments.royalties.models.distributions import Distribution, DistributionShare
from payments.royalties.models.pay import (
    CarriedBalance,
    DailyAccrual,
    DayToAccrue,
    PeriodFunding,
    PeriodPay,
    RoyaltyPayment,
)
from payments.royalties.models.periods import RoyaltyPeriod, RoyaltyTerms, Statement
from payments.royalties.models.pools import Pool, PoolMember, PoolWrite

__all__ = [
    "CarriedBalance",
    "DailyAccrual",
    "DayToAccrue",
    "Distribution",
    "DistributionShare",
    "PeriodFunding",
    "PeriodPay",
    "Pool",
    "PoolMember",
    "PoolWrite",
    "RoyaltyPayment",
    "RoyaltyPeriod",
    "RoyaltyTerms",
    "Statement",
]
