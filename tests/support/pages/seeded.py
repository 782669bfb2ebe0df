"""Seeded databases, and a client for everybody who may come."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from unittest.mock import patch

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import models
from django.test import Client

from gigstream.demo import people as demo_data
from gigstream.staff import middleware
from gigstream.staff.roles import Role
from tests.support.database.shared import savepoint
from tests.support.database.valid_rows import insert, valid
from tests.support.factories import PlatformFactory, WorkerFactory

THE_DEMO, A_YEAR = "the demo", "a year of a thousand tasks"
NOBODY, ANONYMOUS, SUPERUSER = "without a role", "anonymous", "superuser"


@dataclass(frozen=True, slots=True)
class Seeded:
    """The contents of a seeded database: a row of every registered model, and a client for each kind of
    visitor."""

    size: str
    rows: dict[type[models.Model], models.Model]
    clients: dict[str, Client]


@contextmanager
def seeded_with(size: str) -> Iterator[Seeded]:
    options = {} if size == THE_DEMO else {"scale": 1000}
    # Pages are looked at for longer than the minute after which a session is written again.
    sessions_last = patch.object(middleware, "PROLONGED_AFTER_SECONDS", 3600)
    with savepoint(), sessions_last:
        # Beyond the names that a seeded year gives its people.
        for factory in (WorkerFactory, PlatformFactory):
            factory.reset_sequence(900_000, force=True)
        call_command("seed_demo", stdout=StringIO(), **options)
        # A row that is made may undo another: a transaction reopens the closed day that it is dated in.
        for _ in range(2):
            rows = {model: a_row(model) for model in admin.site._registry}
        yield Seeded(size, rows, visitors())


def a_row(model: type[models.Model]) -> models.Model:
    if model._meta.managed and not model._default_manager.exists():
        insert(valid(model))
    return model._default_manager.earliest("pk")


def visitors() -> dict[str, Client]:
    users = {role: User.objects.get(username=demo_data.STAFF_BY_ROLE[role]) for role in Role.values}
    users[SUPERUSER] = User.objects.get(username=demo_data.STAFF_USERNAME)
    users[NOBODY] = User.objects.create_user("nobody", password="x", is_staff=True)
    return {**{name: signed_in(user) for name, user in users.items()}, ANONYMOUS: Client()}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
