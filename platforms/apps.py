from django.apps import AppConfig


class PlatformsConfig(AppConfig):
    name = "platforms"

    def ready(self) -> None:
        from platforms import departures, invariants, payout_addresses, previews, receivers  # noqa: F401 - they register themselves
