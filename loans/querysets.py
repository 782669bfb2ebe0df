from typing import Self

from gigstream.lib.models import GuardedQuerySet
from loans.enums import OPEN_LOANS, OWING


class LoanQuerySet(GuardedQuerySet):
    def open(self) -> Self:
        """Loans that keep their worker from taking another."""
        return self.filter(status__in=OPEN_LOANS)

    def owing(self) -> Self:
        """Loans that earnings repay."""
        return self.filter(status__in=OWING)
