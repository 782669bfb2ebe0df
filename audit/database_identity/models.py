from django.db import models
from django.db.models import Q

from audit.database_identity.enums import DatabaseKind
from gigstream.core.clock import DatabaseNow
from gigstream.core.states import append_only, never_truncated


class DatabaseIdentity(models.Model):
    """Kind of this database, test or live, and its provider: a single row, written by `migrate`, that never
    changes, so that play money and USDC never meet."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    kind = models.CharField(max_length=8, choices=DatabaseKind.choices)
    provider = models.CharField(max_length=64, help_text="name of the provider that moves the money")

    class Meta:
        db_table = "database_identity"
        verbose_name_plural = "database identity"
        constraints = [
            models.CheckConstraint(name="database_identity_is_one_row", condition=Q(id=1)),
            models.CheckConstraint(name="database_kind_known", condition=Q(kind__in=DatabaseKind.values)),
            models.CheckConstraint(name="database_names_its_provider", condition=~Q(provider="")),
            models.CheckConstraint(
                name="live_database_has_no_simulated_provider",
                condition=~Q(kind=DatabaseKind.LIVE, provider="sandbox"),
            ),
        ]
        triggers = [append_only(), never_truncated()]

    def __str__(self) -> str:
        return f"a {self.kind} database with the provider {self.provider}"
