from django.urls import path

from platforms.api import me

urlpatterns = [
    path("me/tasks", me.MyTasks.as_view(), name="me-tasks"),
    path("me/tasks/<uuid:task_id>", me.MyTask.as_view(), name="me-task"),
]
