from django.apps import AppConfig

from gigstream.core.rooms import REGISTERING, load_rooms


class JobsConfig(AppConfig):
    name = "gigstream.jobs"
    label = "gigstream_jobs"

    def ready(self) -> None:
        load_rooms(self.name, *REGISTERING)
