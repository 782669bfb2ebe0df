"""`manage.py rotate_keys`: encryption of all values with the first key, so that older keys can be removed."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from audit.log.context import SYSTEM, acting
from audit.log.services import Record, record_many
from gigstream.core.encryption import encrypted_fields, rotate_batch
from platforms.services import rotate_listener_keys

BATCH = 500


class Command(BaseCommand):
    help = (
        "Encrypt all encrypted columns with the first key of FIELD_ENCRYPTION_KEYS, in batches, and put new"
        " keys in the place of those under which listeners are known. After an interruption run it again: it"
        " skips what has the first key. Then the other keys may be removed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=BATCH, help=f"rows a transaction ({BATCH})")

    def handle(self, *, batch: int, **options: Any) -> None:
        """Make new keys of listeners, encrypt table by table, and print the number of changed values."""
        encrypted: dict[str, int] = {}
        with acting(SYSTEM):
            retired = rotate_listener_keys()
        self.stdout.write(f"{retired:>8}  keys of listeners were retired, with another in their place")
        for model in apps.get_models():
            if encrypted_fields(model) and model._meta.managed:
                name = model._meta.db_table
                encrypted[name] = self._rotate(model, batch)
                self.stdout.write(f"{encrypted[name]:>8}  {name}")
        with acting(SYSTEM):
            record_many([Record("encryption.rotate", "database", after=encrypted)])
        self.stdout.write("all values have the first key: the other keys may be removed")

    @staticmethod
    def _rotate(model: Any, size: int) -> int:
        encrypted, last = 0, None
        while True:
            with transaction.atomic():
                done = rotate_batch(model, after=last, size=size)
            encrypted, last = encrypted + done.encrypted, done.last
            if done.rows < size:
                return encrypted
