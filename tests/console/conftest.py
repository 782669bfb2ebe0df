"""Seeded databases that a whole module looks at, and everybody who may come."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, models, transaction
from django.test import Client

from gigstream import demo_data
from gigstream.console.roles import Role
from tests.db.rows import insert, valid
from tests.factories import WorkerFactory

THE_DEMO, A_YEAR = "the demo", "a year of a thousand tasks"
NOBODY, ANONYMOUS, SUPERUSER = "without a role", "anonymous", "superuser"


@dataclass(frozen=True, slots=True)
class Seeded:
    """What is there: a row of every registered model, and a client for each kind of visitor."""

    size: str
    rows: dict[type[models.Model], models.Model]
    clients: dict[str, Client]


@pytest.fixture(scope="module")
def empty_database(django_db_setup, django_db_blocker) -> Iterator[None]:
    """One transaction for the module, undone at its end."""
    with django_db_blocker.unblock():
        frame = transaction.atomic()
        frame._from_testcase = True
        with frame:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            yield
            transaction.set_rollback(True)


@pytest.fixture(scope="module", params=[THE_DEMO, A_YEAR])
def seeded(request, empty_database) -> Iterator[Seeded]:
    with seeded_with(request.param) as found:
        yield found


@pytest.fixture(scope="module")
def demo(empty_database) -> Iterator[Seeded]:
    with seeded_with(THE_DEMO) as found:
        yield found


@contextmanager
def seeded_with(size: str) -> Iterator[Seeded]:
    options = {} if size == THE_DEMO else {"scale": 1000}
    frame = transaction.atomic()
    frame._from_testcase = True
    with frame:
        # Beyond the names that a seeded year gives its people.
        WorkerFactory.reset_sequence(900_000, force=True)
        call_command("seed_demo", stdout=StringIO(), **options)
        yield Seeded(size, {model: a_row(model) for model in admin.site._registry}, visitors())
        transaction.set_rollback(True)


def a_row(model: type[models.Model]) -> models.Model:
    if model._meta.managed and not model._default_manager.exists():
        insert(valid(model))
    return model._default_manager.order_by("pk").first()


def visitors() -> dict[str, Client]:
    users = {role: User.objects.get(username=demo_data.STAFF_BY_ROLE[role]) for role in Role.values}
    users[SUPERUSER] = User.objects.get(username=demo_data.STAFF_USERNAME)
    users[NOBODY] = User.objects.create_user("nobody", password="x", is_staff=True)
    return {**{name: signed_in(user) for name, user in users.items()}, ANONYMOUS: Client()}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
