from django.db.models import TextChoices


class Cadence(TextChoices):
    MONTH = "month"
    QUARTER = "quarter"


class PaySource(TextChoices):
    """The source of pay: plays by their rates, or purchases and tips."""

    PLAYS = "plays"
    SALES = "sales"


class PeriodStatus(TextChoices):
    OPEN = "open"
    GRACE = "grace"
    FINAL = "final"


PERIOD_MOVES = {
    PeriodStatus.OPEN: frozenset({PeriodStatus.GRACE}),
    PeriodStatus.GRACE: frozenset({PeriodStatus.FINAL}),
    PeriodStatus.FINAL: frozenset(),
}


class ShareMode(TextChoices):
    """The way in which a distribution is shared: by all plays, or each listener's part by their own."""

    PRO_RATA = "pro_rata"
    USER_CENTRIC = "user_centric"


class DistributionStatus(TextChoices):
    DRAFT = "draft"
    APPROVED = "approved"
    PAID = "paid"
    CANCELLED = "cancelled"


DISTRIBUTION_MOVES = {
    DistributionStatus.DRAFT: frozenset({DistributionStatus.APPROVED, DistributionStatus.CANCELLED}),
    DistributionStatus.APPROVED: frozenset({DistributionStatus.PAID}),
    DistributionStatus.PAID: frozenset(),
    DistributionStatus.CANCELLED: frozenset(),
}


class PoolStatus(TextChoices):
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


POOL_MOVES = {
    PoolStatus.OPEN: frozenset({PoolStatus.CLOSING}),
    PoolStatus.CLOSING: frozenset({PoolStatus.CLOSED}),
    PoolStatus.CLOSED: frozenset(),
}
