from django.db.models import TextChoices


class StoreMode(TextChoices):
    """The places of raw events. PostgreSQL decides in each of them: ids, sums of days and pay are its own."""

    POSTGRESQL = "postgresql", "PostgreSQL alone"
    SHADOW = "shadow", "written to both, read from PostgreSQL"
    CLICKHOUSE = "clickhouse", "written to both, read from ClickHouse"


STORE_MOVES = {
    StoreMode.POSTGRESQL: frozenset({StoreMode.SHADOW}),
    StoreMode.SHADOW: frozenset({StoreMode.CLICKHOUSE, StoreMode.POSTGRESQL}),
    StoreMode.CLICKHOUSE: frozenset({StoreMode.SHADOW, StoreMode.POSTGRESQL}),
}
