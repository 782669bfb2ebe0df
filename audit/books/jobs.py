from audit.books import services as books
from gigstream.jobs.registry import job


@job
def check_books() -> int:
    """Check the books; return the number of violations, which are no failure of the job itself."""
    results = books.check_books()
    books.record(results)
    return sum(result.violations for result in results)
