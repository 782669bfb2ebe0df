from django.apps import AppConfig


class ReputationConfig(AppConfig):
    name = "reputation"

    def ready(self) -> None:
        from reputation import invariants, receivers  # noqa: F401 - they register themselves
