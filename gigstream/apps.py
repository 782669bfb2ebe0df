from django.apps import AppConfig


class GigStreamConfig(AppConfig):
    name = "gigstream"

    def ready(self) -> None:
        from gigstream import checks, vocabulary  # noqa: F401 - they register themselves
