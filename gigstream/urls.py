from django.contrib import admin
from django.urls import URLPattern, include, path, re_path
from django.views.generic import RedirectView

from gigstream.api import problems
from gigstream.api.schema import documentation
from gigstream.console.integrity import public_page
from gigstream.core.rooms import load_rooms
from gigstream.health import HealthView, JobsView, ReadinessView
from gigstream.metrics.view import MetricsView
from gigstream.overview import Overview
from gigstream.web import paths
from payments.settlement.transfers.api import circle_notifications
from reputation.submissions.api import media as submission_media

# Addresses below use the converter.
paths.register_id_converter()


def own_addresses(app: str) -> list[URLPattern]:
    """Return the addresses that the rooms `api` of an app's subjects name themselves."""
    return [address for room in load_rooms(app, "api") for address in getattr(room, "urlpatterns", ())]


urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", include("gigstream.console.urls")),
    path("admin/", admin.site.urls),
    # The busiest address comes first: addresses are tried in order.
    path("api/v1/me/overview", Overview.as_view(), name="me-overview"),
    path("api/v1/", include("platforms.urls")),
    path("api/v1/", include("gigstream.letters.urls")),
    path("api/v1/", include("workers.urls")),
    path("api/v1/", include("payments.urls")),
    path("api/v1/", include("reputation.urls")),
    path("api/v1/", include("platforms.me_urls")),
    path("api/v1/", include("payments.me_urls")),
    path("api/v1/", include("reputation.me_urls")),
    path("api/v1/", include("loans.me_urls")),
    *(
        path("api/v1/", include(own_addresses(app)))
        for app in ("workers", "platforms", "payments", "reputation", "loans")
    ),
    *submission_media.addresses,
    path("provider/circle/notifications", circle_notifications, name="circle-notifications"),
    re_path("^api/schema/?$", documentation.serve_schema, name="schema"),
    re_path(
        "^api/docs/?$",
        documentation.DocumentationPage.as_view(template_name="api/swagger.html"),
        name="swagger",
    ),
    re_path(
        "^api/redoc/?$", documentation.DocumentationPage.as_view(template_name="api/redoc.html"), name="redoc"
    ),
    path("api/redoc/redoc.js", documentation.serve_redoc, name="redoc-script"),
    # Unknown addresses of the API answer in its form even if DEBUG shows Django's pages elsewhere.
    re_path("^api(?:/|$)", problems.unknown_address),
    path("healthz", HealthView.as_view(), name="healthz"),
    path("readyz", ReadinessView.as_view(), name="readyz"),
    path("jobz", JobsView.as_view(), name="jobz"),
    path("integrity", public_page, name="integrity"),
    path("metrics", MetricsView.as_view(), name="metrics"),
]

handler400 = "gigstream.api.problems.bad_request"
handler403 = "gigstream.api.problems.forbidden_page"
handler404 = "gigstream.api.problems.not_found"
handler500 = "gigstream.api.problems.server_error"
