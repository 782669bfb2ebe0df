"""The books are checked at one instant, by a transaction that cannot write."""

import pytest
from django.db import connection

from audit.books import services as books
from audit.books.invariant_registry import all_invariants

NAMES = [invariant.name for invariant in all_invariants()]


@pytest.mark.django_db(transaction=True)
def test_all_checks_see_one_instant_and_cannot_write(monkeypatch):
    seen = []

    def look(invariant: object) -> object:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')"
            )
            seen.append(cursor.fetchone())
        return invariant

    monkeypatch.setattr(books, "_check_invariant", look)
    books.check_books()
    assert seen == [("repeatable read", "on")] * len(NAMES)
