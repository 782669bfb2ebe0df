"""What the unmanaged models over SQL views share."""

from typing import Any, NoReturn

from django.db import models

from gigstream.lib.errors import GuardedWrite
from gigstream.lib.models import GuardedQuerySet


class Report(models.Model):
    """One row of a view. It is computed when it is read, so it can be neither saved nor deleted."""

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        abstract = True
        managed = False
        default_permissions = ("view",)

    def save(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refuse("saved")

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refuse("deleted")

    def _refuse(self, verb: str) -> NoReturn:
        raise GuardedWrite(f"{self._meta.db_table} is a view: its rows cannot be {verb}")
