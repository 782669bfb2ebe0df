from django.apps import AppConfig

from gigstream.core.rooms import REGISTERING, load_rooms


class LettersConfig(AppConfig):
    name = "gigstream.letters"
    label = "gigstream_letters"

    def ready(self) -> None:
        load_rooms(self.name, *REGISTERING)
