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

# creators: list[CreatorProfile], now: datetime; a creator's works are withdrawn with it
creators_verified = Signal()
creators_closed = Signal()

# works: list[Work], now: datetime
works_published = Signal()
works_withdrawn = Signal()

# moves: list[WorkMove], now: datetime
works_moved = Signal()

# follows: list[Follow], now: datetime
follows_begun = Signal()
follows_ended = Signal()

# changes: list[FollowersChange] of creators of one platform by day, now: datetime
followers_counted = Signal()

# changes: list[UsageChange] by creator and day, of one platform, now: datetime; sent before the receipt is
# written
usage_counted = Signal()
# platforms: list[Platform] whose days were written anew, now: datetime
usage_rebuilt = Signal()
# batches: list[UsageBatch], now: datetime
usage_accepted = Signal()
# corrections: list[UsageCorrection], now: datetime
usage_corrected = Signal()
# findings: list[UsageFinding], now: datetime; made, or decided
usage_findings_changed = Signal()

# moves: list[TaskMove]; rows were written in bulk, without post_save
tasks_moved_in_bulk = Signal()
