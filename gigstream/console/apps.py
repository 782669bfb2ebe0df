"""The staff's pages that look over all apps; numbers of one app come from that app's `reports`."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "gigstream.console"

    def ready(self) -> None:
        from gigstream.console import receivers  # noqa: F401 - connects them
