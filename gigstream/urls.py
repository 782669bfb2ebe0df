from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from gigstream import documentation
from gigstream.console.integrity import public_page
from gigstream.health import HealthView, JobsView, ReadinessView
from gigstream.lib.api import paths, problems
from gigstream.metrics.view import MetricsView
from gigstream.overview import Overview
from payments.api.notifications import circle_notifications

# Before any address is read that names one.
paths.register_id_converter()

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", include("gigstream.console.urls")),
    path("admin/", admin.site.urls),
    # What is asked most comes first: addresses are tried one after the other.
    path("api/v1/me/overview", Overview.as_view(), name="me-overview"),
    path("api/v1/", include("platforms.api.urls")),
    path("api/v1/", include("audit.urls")),
    path("api/v1/", include("workers.api.urls")),
    path("api/v1/", include("payments.api.urls")),
    path("api/v1/", include("reputation.api.urls")),
    path("api/v1/", include("platforms.api.me_urls")),
    path("api/v1/", include("payments.api.me_urls")),
    path("api/v1/", include("reputation.api.me_urls")),
    path("api/v1/", include("loans.api.me_urls")),
    path("provider/circle/notifications", circle_notifications, name="circle-notifications"),
    re_path("^api/schema/?$", documentation.schema, name="schema"),
    re_path("^api/docs/?$", documentation.Page.as_view(template_name="api/swagger.html"), name="swagger"),
    re_path("^api/redoc/?$", documentation.Page.as_view(template_name="api/redoc.html"), name="redoc"),
    path("api/redoc/redoc.js", documentation.redoc_script, name="redoc-script"),
    # Where nothing is, programs are told so even where people get Django's pages for developers.
    re_path("^api(?:/|$)", problems.nothing_here),
    path("healthz", HealthView.as_view(), name="healthz"),
    path("readyz", ReadinessView.as_view(), name="readyz"),
    path("jobz", JobsView.as_view(), name="jobz"),
    path("integrity", public_page, name="integrity"),
    path("metrics", MetricsView.as_view(), name="metrics"),
]

handler400 = "gigstream.lib.api.problems.bad_request"
handler403 = "gigstream.lib.api.problems.forbidden"
handler404 = "gigstream.lib.api.problems.not_found"
handler500 = "gigstream.lib.api.problems.server_error"
