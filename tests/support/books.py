"""The state of the books after a test has moved money."""

from audit.books import services as books
from payments.ledger.querysets import LedgerEntryQuerySet
from payments.ledger.subjects import STREAM, TASK
from payments.models import LedgerEntry, Stream
from platforms.models import Task, WorkEvent


def violated() -> dict[str, list[str]]:
    """Return the invariants that do not hold, with the first rows that break each."""
    return {result.name: result.offenders for result in books.check_books() if not result.passed}


def entries_of_task(task: Task) -> LedgerEntryQuerySet[LedgerEntry]:
    """Ledger entries that belong to the task; releases belong to its stream."""
    return LedgerEntry.objects.of(TASK, task.pk)


def releases_of(stream: Stream) -> LedgerEntryQuerySet[LedgerEntry]:
    """Ledger entries of the stream's releases."""
    return LedgerEntry.objects.of(STREAM, stream.pk)


def entries_of_event(event: WorkEvent) -> LedgerEntryQuerySet[LedgerEntry]:
    """Ledger entries of the pay that the report has led to."""
    return LedgerEntry.objects.filter(reports__work_event=event)
