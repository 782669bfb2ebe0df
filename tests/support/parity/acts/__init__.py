"""The acts of a history, by name."""

from tests.support.parity.acts import money, rows, work
from tests.support.parity.story import ACTS

__all__ = ["ACTS", "money", "rows", "work"]
