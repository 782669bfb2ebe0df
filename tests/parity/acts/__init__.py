"""Everything that can happen in a history, by name."""

from tests.parity.acts import money, rows, work
from tests.parity.story import ACTS

__all__ = ["ACTS", "money", "rows", "work"]
