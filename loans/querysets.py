from typing import Self

from django.db.models import F

from gigstream.lib.models import GuardedQuerySet
from loans.enums import OPEN_LOANS, OWING


class LoanQuerySet(GuardedQuerySet):
    def open(self) -> Self:
        """Loans that keep their worker from taking another."""
        return self.filter(status__in=OPEN_LOANS)

    def owing(self) -> Self:
        """Loans that earnings repay: something is still owed."""
        return self.filter(status__in=OWING, total_due__gt=F("amount_repaid") + F("amount_written_off"))
