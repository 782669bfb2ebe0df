from django.apps import AppConfig


class LoansConfig(AppConfig):
    name = "loans"

    def ready(self) -> None:
        from loans import approvals, departures, invariants, receivers  # noqa: F401 - they register themselves
