"""Portfolio of advances: sums lent, repaid and outstanding, and expected losses."""

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.money import ZERO
from loans.policy.calculations.terms import expected_loss


@dataclass(frozen=True, slots=True)
class Line:
    """Sums of advances that were paid out, in USDC: all of them, those of a band of scores, or of a month.

    `expected_loss` is the sum in default, and of the rest that is outstanding the share that has defaulted so
    far: of the same line, or of all where nothing of the line has ended yet.
    """

    part: str
    name: str
    loans: int
    lent: Decimal
    fees: Decimal
    repaid: Decimal
    written_off: Decimal
    outstanding: Decimal
    overdue: Decimal
    in_default: Decimal
    ended: int
    defaulted: int
    expected_loss: Decimal = ZERO

    @property
    def default_rate(self) -> Decimal | None:
        """Percent of the loans that have ended, by number; None where none has ended."""
        return round(Decimal(100 * self.defaulted) / self.ended, 2) if self.ended else None


COLUMNS = (*(field.name for field in fields(Line)), "default_rate")


@dataclass(frozen=True, slots=True)
class Portfolio:
    """All advances, by the score they were decided on, and by the month they were paid out in."""

    whole: Line
    bands: list[Line]
    months: list[Line]

    @property
    def lines(self) -> list[Line]:
        return [self.whole, *self.bands, *self.months]


def read_portfolio(now: datetime | None = None) -> Portfolio:
    """Return the portfolio of all loans, read by one statement."""
    found = sql.run("loans/recovery/portfolio", now=now or database_now())
    (whole,) = (row for row in found if row["part"] == "all")
    bands = [_as_line(row, whole) for row in found if row["part"] == "score"]
    months = [_as_line(row, whole) for row in found if row["part"] == "month"]
    return Portfolio(
        Line(**whole, expected_loss=sum((band.expected_loss for band in bands), ZERO)), bands, months
    )


def _as_line(row: dict[str, Any], whole: dict[str, Any]) -> Line:
    source = row if row["ended"] else whole
    loss = expected_loss(
        row["outstanding"],
        in_default=row["in_default"],
        ended=source["ended"],
        defaulted=source["defaulted"],
    )
    return Line(**row, expected_loss=loss)
