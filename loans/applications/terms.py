"""Terms of an advance: the text that a worker accepts, and the hash that names it."""

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from loans.policy.calculations.terms import instalment_of, loan_fee


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one advance. Equal terms have equal texts, so that the hash of a text names its terms."""

    worker_id: UUID
    amount: Decimal
    fee_bps: int
    term_days: int

    @property
    def fee(self) -> Decimal:
        return loan_fee(self.amount, self.fee_bps)

    @property
    def total_due(self) -> Decimal:
        return self.amount + self.fee

    @property
    def instalment(self) -> Decimal:
        """Largest part of an earning that is repaid, in USDC."""
        return instalment_of(self.total_due)

    @property
    def text(self) -> str:
        """Canonical text: a line for each term, amounts with six decimals."""
        lines = (
            "GigStream advance, terms 1",
            f"worker: {self.worker_id}",
            f"amount: {self.amount:.6f} USDC",
            f"fee: {self.fee:.6f} USDC ({self.fee_bps} basis points)",
            f"total due: {self.total_due:.6f} USDC",
            f"repayment: up to {self.instalment:.6f} USDC of each earning, and never more than half of it",
            f"due: {self.term_days} days after the advance is paid out",
        )
        return "\n".join(lines)

    @property
    def hash(self) -> str:
        """SHA-256 of the text in UTF-8, 64 hexadecimal digits."""
        return hash_of(self.text)


def hash_of(text: str) -> str:
    """Return the SHA-256 of the text in UTF-8, 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()
