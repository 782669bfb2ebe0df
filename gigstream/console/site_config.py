from django.contrib.admin.apps import AdminConfig


class ConsoleSiteConfig(AdminConfig):
    """Django's admin app with the console's site."""

    default_site = "gigstream.console.site.ConsoleSite"
