from django.apps import AppConfig


class GigStreamConfig(AppConfig):
    name = "gigstream"

    def ready(self) -> None:
        from gigstream import checks  # noqa: F401 - registers the system checks
