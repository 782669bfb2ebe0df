from django.db.models import TextChoices


class LoanStatus(TextChoices):
    PENDING = "pending"
    APPROVED = "approved"
    DISBURSED = "disbursed"
    ACTIVE = "active"
    REPAYING = "repaying"
    REPAID = "repaid"
    DEFAULTED = "defaulted"
    CANCELLED = "cancelled"


LOAN_MOVES = {
    LoanStatus.PENDING: frozenset({LoanStatus.APPROVED, LoanStatus.CANCELLED}),
    LoanStatus.APPROVED: frozenset({LoanStatus.DISBURSED, LoanStatus.CANCELLED}),
    LoanStatus.DISBURSED: frozenset({LoanStatus.ACTIVE}),
    LoanStatus.ACTIVE: frozenset({LoanStatus.REPAYING, LoanStatus.REPAID, LoanStatus.DEFAULTED}),
    LoanStatus.REPAYING: frozenset({LoanStatus.REPAID, LoanStatus.DEFAULTED}),
    # What is recovered after a default can still pay the loan off.
    LoanStatus.DEFAULTED: frozenset({LoanStatus.REPAID}),
    LoanStatus.REPAID: frozenset(),
    LoanStatus.CANCELLED: frozenset(),
}
OPEN_LOANS = frozenset(
    {
        LoanStatus.PENDING,
        LoanStatus.APPROVED,
        LoanStatus.DISBURSED,
        LoanStatus.ACTIVE,
        LoanStatus.REPAYING,
    }
)
# Earnings repay these.
OWING = frozenset({LoanStatus.ACTIVE, LoanStatus.REPAYING, LoanStatus.DEFAULTED})
# The money has been booked to the worker.
BOOKED = frozenset(LoanStatus) - {LoanStatus.PENDING, LoanStatus.APPROVED, LoanStatus.CANCELLED}
