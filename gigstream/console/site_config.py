from django.contrib.admin.apps import AdminConfig


class ConsoleSiteConfig(AdminConfig):
    """Django's admin, with the staff's site in the place of its own."""

    default_site = "gigstream.console.site.ConsoleSite"
