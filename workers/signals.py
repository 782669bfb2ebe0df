"""Facts that the workers app announces."""

from django.dispatch import Signal

# workers: list[Worker]
workers_registered = Signal()
# workers: list[Worker], suspended: bool
worker_standing_changed = Signal()
# worker: Worker, locked and about to be deleted or anonymised, now: datetime
worker_deleted = Signal()
# now: datetime; sent by beat once a day
day_passed = Signal()
