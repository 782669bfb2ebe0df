"""What the books say after a test has moved money."""

from audit import books


def violated() -> dict[str, list[str]]:
    """The invariants that do not hold, with the first rows that break each."""
    return {result.name: result.offenders for result in books.check_books() if not result.passed}
