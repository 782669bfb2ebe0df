from django.urls import path

from platforms.api import invitations, me

urlpatterns = [
    path("me/invitations/accept", invitations.AcceptInvitation.as_view(), name="me-invitations-accept"),
    path("me/tasks", me.MyTasks.as_view(), name="me-tasks"),
    path("me/tasks/<id:task_id>", me.MyTask.as_view(), name="me-task"),
]
