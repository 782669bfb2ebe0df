from datetime import datetime, timedelta
from typing import Self

from django.db.models import Q

from gigstream.core.models import GuardedQuerySet
from reputation.submissions.enums import WAITING, SubmissionStatus


class SubmissionQuerySet(GuardedQuerySet):
    def with_upload(self, sha256: str) -> Self:
        """Narrow to submissions of this very file, by its SHA-256, in any quest."""
        return self.filter(sha256=sha256)

    def waiting(self) -> Self:
        """Narrow to submissions that a reviewer has to decide."""
        return self.filter(status__in=sorted(WAITING))

    def for_staff(self, now: datetime, *, overdue_after: timedelta) -> Self:
        """Narrow to submissions that staff have to decide: of the house's quests, appeals, and those that
        a platform has left undecided for so long."""
        return self.waiting().filter(
            Q(quest__platform=None)
            | Q(status=SubmissionStatus.APPEALED)
            | Q(created_at__lte=now - overdue_after)
        )

    def to_process(self, now: datetime) -> Self:
        """Narrow to images whose next attempt at processing is due."""
        return self.filter(status=SubmissionStatus.RECEIVED, next_attempt_at__lte=now)
