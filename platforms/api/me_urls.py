from django.urls import path

from platforms.api import invitations, me

urlpatterns = [
    path("me/invitations", invitations.MyInvitations.as_view(), name="me-invitations"),
    path("me/invitations/accept", invitations.AcceptInvitation.as_view(), name="me-invitations-accept"),
    path(
        "me/invitations/<id:invitation_id>/accept",
        invitations.AcceptMyInvitation.as_view(),
        name="me-invitation-accept",
    ),
    path("me/tasks", me.MyTasks.as_view(), name="me-tasks"),
    path("me/tasks/<id:task_id>", me.MyTask.as_view(), name="me-task"),
    path("me/tasks/<id:task_id>/decline", me.Decline.as_view(), name="me-task-decline"),
    path("me/platforms/<id:platform_id>/leave", me.Leave.as_view(), name="me-platform-leave"),
]
