from django.urls import path

from reputation.api import workers

urlpatterns = [
    path("workers", workers.Workers.as_view(), name="workers"),
    path("workers/<id:worker_id>", workers.OneWorker.as_view(), name="worker"),
]
