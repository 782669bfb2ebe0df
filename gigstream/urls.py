from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from gigstream.health import HealthView, ReadinessView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("healthz", HealthView.as_view(), name="healthz"),
    path("readyz", ReadinessView.as_view(), name="readyz"),
]
