from django.contrib import admin
from django.urls import path

from gigstream.console import views

app_name = "console"
urlpatterns = [
    path("queues/<slug:slug>/", admin.site.admin_view(views.queue_page), name="queue"),
    path("queues/<slug:slug>/claim/", admin.site.admin_view(views.claim_page), name="claim"),
    path("jobs/<str:name>/run/", admin.site.admin_view(views.run_job), name="run-job"),
]
