"""The tests' database as it would be had `migrate` made it for other settings."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from audit.database_identity.services import forget_identity
from audit.models import DatabaseIdentity

CIRCLE = "payments.settlement.provider.circle.CircleProvider"


@contextmanager
def database_made(*, kind: str = "test", provider: str = "sandbox") -> Iterator[None]:
    """Make the database another until the block ends; a transaction of the test's is not needed."""
    before = DatabaseIdentity.objects.values("kind", "provider").get()
    write_identity(kind=kind, provider=provider)
    try:
        yield
    finally:
        write_identity(**before)


def write_identity(*, kind: str, provider: str) -> None:
    """Write over the row that never changes, past its trigger."""
    triggers = DatabaseIdentity._meta.triggers  # type: ignore[attr-defined]  # set by pgtrigger
    (trigger,) = (one for one in triggers if one.name == "append_only")
    name = trigger.get_pgid(DatabaseIdentity)
    ignored = f"{{{name},database_identity:{name}}}"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", [ignored])
        cursor.execute("UPDATE database_identity SET kind = %s, provider = %s", [kind, provider])
        cursor.execute("SELECT set_config('pgtrigger.ignore', '{}', true)")
    forget_identity()
