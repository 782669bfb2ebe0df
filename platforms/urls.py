from django.urls import path

from platforms.catalogue.api import creators, works
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
    path("creators", creators.Creators.as_view(), name="creators"),
    path("creators/<id:creator_id>", creators.OneCreator.as_view(), name="creator"),
    path("creators/<id:creator_id>/verify", creators.Verify.as_view(), name="creator-verify"),
    path("creators/<id:creator_id>/close", creators.Close.as_view(), name="creator-close"),
    path("follows", creators.Follows.as_view(), name="follows"),
    path("follows/end", creators.EndFollow.as_view(), name="follow-end"),
    path("listeners/erase", creators.EraseListener.as_view(), name="listener-erase"),
    path("works", works.Works.as_view(), name="works"),
    path("works/<id:work_id>", works.OneWork.as_view(), name="work"),
    path("works/<id:work_id>/price", works.SetPrice.as_view(), name="work-price"),
    path("works/<id:work_id>/rate", works.SetRate.as_view(), name="work-rate"),
    path("works/<id:work_id>/move", works.Move.as_view(), name="work-move"),
    path("works/<id:work_id>/withdraw", works.Withdraw.as_view(), name="work-withdraw"),
    path("collections", works.Collections.as_view(), name="collections"),
    path("collections/<id:collection_id>", works.OneCollection.as_view(), name="collection"),
    path(
        "collections/<id:collection_id>/delete",
        works.DeleteCollection.as_view(),
        name="collection-delete",
    ),
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
