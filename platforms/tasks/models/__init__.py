from platforms.tasks.models.disputes import Dispute
from platforms.tasks.models.tasks import Milestone, Task, WorkEvent

__all__ = ["Dispute", "Milestone", "Task", "WorkEvent"]
