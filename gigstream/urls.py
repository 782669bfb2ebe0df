from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from gigstream.documentation import RedocView, SchemaView, SwaggerView
from gigstream.health import HealthView, ReadinessView
from gigstream.overview import Overview

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("workers.api.urls")),
    path("api/v1/", include("platforms.api.urls")),
    path("api/v1/", include("payments.api.urls")),
    path("api/v1/", include("reputation.api.urls")),
    path("api/v1/", include("platforms.api.me_urls")),
    path("api/v1/", include("payments.api.me_urls")),
    path("api/v1/", include("reputation.api.me_urls")),
    path("api/v1/", include("loans.api.me_urls")),
    path("api/v1/me/overview", Overview.as_view(), name="me-overview"),
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("api/docs/", SwaggerView.as_view(), name="swagger"),
    path("api/redoc/", RedocView.as_view(), name="redoc"),
    path("healthz", HealthView.as_view(), name="healthz"),
    path("readyz", ReadinessView.as_view(), name="readyz"),
]

handler400 = "gigstream.lib.api.problems.bad_request"
handler404 = "gigstream.lib.api.problems.not_found"
handler500 = "gigstream.lib.api.problems.server_error"
