from django.apps import AppConfig


class GigStreamConfig(AppConfig):
    name = "gigstream"

    def ready(self) -> None:
        from gigstream import celery_app, checks  # noqa: F401 - registers the system checks

        celery_app.autodiscover_tasks(force=True)
