from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "payments"

    def ready(self) -> None:
        from payments import departures, invariants, previews, receivers  # noqa: F401 - they register themselves
