from django.apps import AppConfig

from gigstream.core.rooms import REGISTERING, load_rooms


class SavedViewsConfig(AppConfig):
    name = "gigstream.saved_views"
    label = "gigstream_saved_views"

    def ready(self) -> None:
        load_rooms(self.name, *REGISTERING)
