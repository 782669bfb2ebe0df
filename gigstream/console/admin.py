"""Table of the staff who have taken an item of a queue, shown on the item's page."""

from audit.models import Claim
from gigstream.adminkit import Table, show_on
from gigstream.console.queues import QUEUES

for queue in QUEUES:
    show_on(
        queue.model,
        Table(
            Claim,
            by="q",
            title="Claims",
            limit=5,
            columns=("claimed_at", "holder", "reason", "ended_at", "ender"),
            ordering=("-claimed_at", "-id"),
            rows=lambda rows, row: rows.filter(subject_type=row._meta.model_name, subject_id=str(row.pk)),
        ),
    )
