"""Open loans as a reason why a worker cannot leave."""

from loans.applications.errors import OpenLoanExists
from loans.models import Loan
from workers.departures import worker_departures
from workers.models import Worker


@worker_departures.register
def _require_no_open_loan(party: Worker) -> None:
    if Loan.objects.open().filter(worker=party).exists():
        raise OpenLoanExists(f"{party} has an open loan")
