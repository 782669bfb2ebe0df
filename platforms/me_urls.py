from django.urls import path

from platforms.catalogue.api import me as catalogue
from platforms.invitations.api import invitations
from platforms.invitations.api import me as consents
from platforms.tasks.api import me as tasks
from platforms.usage.api import me as usage

urlpatterns = [
    path("me/invitations", invitations.MyInvitations.as_view(), name="me-invitations"),
    path("me/invitations/accept", invitations.AcceptInvitation.as_view(), name="me-invitations-accept"),
    path(
        "me/invitations/<id:invitation_id>/accept",
        invitations.AcceptMyInvitation.as_view(),
        name="me-invitation-accept",
    ),
    path("me/creators", catalogue.MyCreators.as_view(), name="me-creators"),
    path("me/creators/<id:creator_id>/days", usage.MyCreatorUsage.as_view(), name="me-creator-days"),
    path("me/creators/<id:creator_id>/score", usage.MyScore.as_view(), name="me-creator-score"),
    path("me/creators/<id:creator_id>/left-out", usage.MyFindings.as_view(), name="me-creator-left-out"),
    path(
        "me/creators/<id:creator_id>/left-out/<int:number>/contest",
        usage.ContestFinding.as_view(),
        name="me-creator-left-out-contest",
    ),
    path(
        "me/creators/<id:creator_id>/usage/<int:number>/proof",
        usage.MyEventProof.as_view(),
        name="me-creator-usage-proof",
    ),
    path("me/works/<id:work_id>/days", usage.MyWorkUsage.as_view(), name="me-work-days"),
    path("me/works", catalogue.MyWorks.as_view(), name="me-works"),
    path("me/tasks", tasks.MyTasks.as_view(), name="me-tasks"),
    path("me/tasks/<id:task_id>", tasks.MyTask.as_view(), name="me-task"),
    path("me/tasks/<id:task_id>/decline", tasks.Decline.as_view(), name="me-task-decline"),
    path("me/platforms/<id:platform_id>/leave", consents.Leave.as_view(), name="me-platform-leave"),
]
