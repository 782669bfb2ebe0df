"""Statements of each week of a rich history: each entry is in one of them."""

from datetime import timedelta

from payments.ledger.entry_kinds import EntryKind, registered_kinds
from payments.statements.selectors.statements import Money, read_statement
from tests.db.test_statements import entries_of, on_the_books
from workers.models import Worker


def reaches_workers(kind: EntryKind) -> bool:
    return not kind.moves or any(side.startswith("worker ") for move in kind.moves for side in move)


def test_every_closing_is_the_next_opening_and_the_last_is_what_the_books_say(history):
    begin = history.now - timedelta(days=50)
    kinds = set()
    for worker in Worker.objects.all():
        before, seen = Money(), 0
        for week in range(8):
            start = begin + timedelta(days=7 * week)
            found = read_statement(worker.pk, start, start + timedelta(days=7))
            assert found.opening == before
            assert sum((line.change for line in found.lines), found.opening) == found.closing
            assert sum((total.change for total in found.totals), found.opening) == found.closing
            assert all(start <= line.at < found.end for line in found.lines)
            before, seen = found.closing, seen + sum(line.entries for line in found.lines)
            kinds |= {line.kind for line in found.lines}
        assert before == on_the_books(worker)
        assert seen == entries_of(worker).count()
    assert kinds == {kind.name for kind in registered_kinds() if reaches_workers(kind)}
