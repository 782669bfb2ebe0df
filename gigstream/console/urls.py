from django.contrib import admin
from django.urls import path

from gigstream.console import views
from gigstream.console.counts import counts
from gigstream.console.notices import pages
from gigstream.console.search.palette import remember_search
from gigstream.saved_views import pages as saved_views
from gigstream.staff.sign_in_pages import choose_password, replace_second_factor, second_factor

app_name = "console"
urlpatterns = [
    path("second-factor/", admin.site.admin_view(second_factor), name="second-factor"),
    path(
        "second-factor/replace/",
        admin.site.admin_view(replace_second_factor),
        name="replace-second-factor",
    ),
    path("choose-password/", choose_password, name="choose-password"),
    path("search/recent/", admin.site.admin_view(remember_search), name="recent-search"),
    path("counts/", admin.site.admin_view(counts), name="counts"),
    path("notices/", admin.site.admin_view(pages.notices_page), name="notices"),
    path("notices/read/", admin.site.admin_view(pages.read_page), name="read-notices"),
    path("notices/ways/", admin.site.admin_view(pages.ways_page), name="notice-ways"),
    path("queues/<slug:slug>/", admin.site.admin_view(views.queue_page), name="queue"),
    path("queues/<slug:slug>/claim/", admin.site.admin_view(views.claim_page), name="claim"),
    path("views/", admin.site.admin_view(saved_views.save_view), name="save-view"),
    path("views/<int:pk>/", admin.site.admin_view(saved_views.open_view), name="saved-view"),
    path("views/<int:pk>/change/", admin.site.admin_view(saved_views.change_view), name="change-view"),
    path("jobs/<str:name>/run/", admin.site.admin_view(views.run_job), name="run-job"),
]
