from django.urls import path

from platforms.events.api import events, webhooks
from platforms.invitations.api import invitations
from platforms.platforms import api as keys
from platforms.tasks.api import batches, tasks

urlpatterns = [
    path("workers/invite", invitations.Invite.as_view(), name="workers-invite"),
    path("workers/invitations", invitations.Invitations.as_view(), name="workers-invitations"),
    path("webhook", webhooks.Webhook.as_view(), name="webhook"),
    path("webhook/rotate-secret", webhooks.RotateSecret.as_view(), name="webhook-rotate-secret"),
    path("webhook/test", webhooks.SendTest.as_view(), name="webhook-test"),
    path("events", events.Events.as_view(), name="events"),
    path("events/replay", events.ReplayRange.as_view(), name="events-replay"),
    path("events/<id:event_id>", events.OneEvent.as_view(), name="event"),
    path("events/<id:event_id>/replay", events.Replay.as_view(), name="event-replay"),
    path("keys", keys.Keys.as_view(), name="keys"),
    path("keys/<slug:prefix>/revoke", keys.Revoke.as_view(), name="key-revoke"),
    path("keys/<slug:prefix>/rotate", keys.Rotate.as_view(), name="key-rotate"),
    path("tasks", tasks.Tasks.as_view(), name="tasks"),
    path("tasks/bulk", batches.BulkTasks.as_view(), name="tasks-bulk"),
    path("work-events", batches.WorkEvents.as_view(), name="work-events"),
    path("tasks/<id:task_id>", tasks.OneTask.as_view(), name="task"),
    path("tasks/<id:task_id>/assign", tasks.Assign.as_view(), name="task-assign"),
    path("tasks/<id:task_id>/unassign", tasks.Unassign.as_view(), name="task-unassign"),
    path("tasks/<id:task_id>/start", tasks.Start.as_view(), name="task-start"),
    path("tasks/<id:task_id>/complete", tasks.Complete.as_view(), name="task-complete"),
    path("tasks/<id:task_id>/cancel", tasks.Cancel.as_view(), name="task-cancel"),
    path("tasks/<id:task_id>/dispute", tasks.Dispute.as_view(), name="task-dispute"),
    path("tasks/<id:task_id>/rate", tasks.Rate.as_view(), name="task-rate"),
    path(
        "tasks/<id:task_id>/milestones/<int:number>/approve",
        tasks.ApproveMilestone.as_view(),
        name="task-approve-milestone",
    ),
]
