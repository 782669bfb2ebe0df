from django.db.models import TextChoices


class AccountName(TextChoices):
    AVAILABLE = "available"
    ESCROW = "escrow"
    IN_TRANSIT = "in_transit"
    LOAN = "loan"
    FEES = "fees"
    REWARDS = "rewards"
    LOSSES = "losses"
    OUTSIDE = "outside"


WORKER_ACCOUNTS = frozenset({AccountName.AVAILABLE, AccountName.IN_TRANSIT, AccountName.LOAN})


PLATFORM_ACCOUNTS = frozenset({AccountName.AVAILABLE, AccountName.ESCROW, AccountName.IN_TRANSIT})


HOUSE_ACCOUNTS = frozenset({AccountName.FEES, AccountName.REWARDS, AccountName.LOSSES, AccountName.OUTSIDE})


MAY_GO_BELOW_ZERO = frozenset(
    {AccountName.LOAN, AccountName.REWARDS, AccountName.LOSSES, AccountName.OUTSIDE}
)


# Accounts between which staff make adjustments (domain.md, section 3).
ADJUSTABLE = frozenset({AccountName.AVAILABLE, AccountName.FEES, AccountName.REWARDS, AccountName.LOSSES})
