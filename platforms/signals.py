"""Signals of the app, sent in the transaction in which they became true."""

from django.dispatch import Signal

# platforms: list[Platform]
platforms_registered = Signal()

# Each: tasks: list[Task], now: datetime
tasks_created = Signal()
tasks_assigned = Signal()
tasks_started = Signal()
tasks_updated = Signal()
tasks_completed = Signal()
tasks_cancelled = Signal()
milestones_approved = Signal()
# by their platform
tasks_rated = Signal()
# by their worker
platforms_rated = Signal()

# tasks: list[Task], type_: str, worker_id: who had them, now: datetime
tasks_returned = Signal()

# disputes: list[Dispute], now: datetime
disputes_filed = Signal()
disputes_resolved = Signal()

# invitations: list[Invitation], now: datetime
invitations_accepted = Signal()

# consents: list[Consent], now: datetime
consents_ended = Signal()

# moves: list[TaskMove]; rows were written in bulk, without post_save
tasks_moved_in_bulk = Signal()
