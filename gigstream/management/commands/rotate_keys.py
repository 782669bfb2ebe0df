"""`manage.py rotate_keys`: every encrypted value under the first key, so that older keys can be dropped."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from audit.context import SYSTEM, acting
from audit.services import Record, record_many
from gigstream.lib.encryption import encrypted_fields, rotate_batch

BATCH = 500


class Command(BaseCommand):
    help = (
        "Encrypt every encrypted column with the first key of FIELD_ENCRYPTION_KEYS, batch by batch. After an"
        " interruption run it again: what has the first key is left as it is. When it has ended, the other"
        " keys may be dropped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=BATCH, help=f"rows a transaction ({BATCH})")

    def handle(self, *, batch: int, **options: Any) -> None:
        """Prints for each table how many values were encrypted anew."""
        encrypted: dict[str, int] = {}
        for model in apps.get_models():
            if encrypted_fields(model) and model._meta.managed:
                name = model._meta.db_table
                encrypted[name] = self._rotate(model, batch)
                self.stdout.write(f"{encrypted[name]:>8}  {name}")
        with acting(SYSTEM):
            record_many([Record("encryption.rotate", "database", after=encrypted)])
        self.stdout.write("every value has the first key: the others may be dropped")

    @staticmethod
    def _rotate(model: Any, size: int) -> int:
        encrypted, last = 0, None
        while True:
            with transaction.atomic():
                done = rotate_batch(model, after=last, size=size)
            encrypted, last = encrypted + done.encrypted, done.last
            if done.rows < size:
                return encrypted
