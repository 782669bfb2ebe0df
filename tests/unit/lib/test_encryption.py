"""Encrypted columns: unreadable in a dump, bound to their column, and open to new keys."""

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from gigstream.lib.encryption import cipher
from platforms.models import Platform
from tests.factories import PlatformFactory

OLD_KEY, NEW_KEY = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def _stored(platform: Platform, column: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM platforms WHERE id = %s", [platform.pk])
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_a_value_comes_back_as_it_was_and_is_unreadable_in_the_database():
    platform = PlatformFactory(wallet_id="wallet-ü-123")

    assert Platform.objects.get(pk=platform.pk).wallet_id == "wallet-ü-123"
    assert "wallet" not in _stored(platform, "wallet_id")
    assert cipher().decrypt(_stored(platform, "wallet_id").encode()).decode().endswith("wallet-ü-123")


@pytest.mark.django_db
def test_the_same_value_never_looks_the_same_twice():
    one, other = PlatformFactory(wallet_id="w-1"), PlatformFactory(wallet_id="w-1")

    assert _stored(one, "wallet_id") != _stored(other, "wallet_id")


@pytest.mark.django_db
def test_nothing_stays_nothing():
    platform = PlatformFactory(wallet_id="")

    assert _stored(platform, "wallet_id") == ""
    assert Platform.objects.get(pk=platform.pk).wallet_id == ""


@pytest.mark.django_db
def test_a_value_moved_to_another_column_is_not_read():
    platform = PlatformFactory(wallet_id="w-1")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE platforms SET webhook_secret = wallet_id WHERE id = %s", [platform.pk])

    with pytest.raises(ValueError, match=r"another column was found in platforms\.webhook_secret"):
        Platform.objects.get(pk=platform.pk)


@pytest.mark.django_db
def test_a_tampered_value_is_not_read():
    platform = PlatformFactory(wallet_id="w-1")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE platforms SET wallet_id = overlay(wallet_id placing '____' from 40) WHERE id = %s",
            [platform.pk],
        )

    with pytest.raises(InvalidToken):
        Platform.objects.get(pk=platform.pk)


@pytest.mark.django_db
def test_a_new_key_in_front_reads_the_old_values_and_writes_with_itself(settings):
    settings.FIELD_ENCRYPTION_KEYS = [OLD_KEY]
    platform = PlatformFactory(wallet_id="w-1")

    settings.FIELD_ENCRYPTION_KEYS = [NEW_KEY, OLD_KEY]
    platform = Platform.objects.get(pk=platform.pk)
    assert platform.wallet_id == "w-1"
    platform.save()

    settings.FIELD_ENCRYPTION_KEYS = [NEW_KEY]
    assert Platform.objects.get(pk=platform.pk).wallet_id == "w-1"


@pytest.mark.django_db
def test_a_value_of_a_retired_key_is_not_read(settings):
    settings.FIELD_ENCRYPTION_KEYS = [OLD_KEY]
    platform = PlatformFactory(wallet_id="w-1")
    settings.FIELD_ENCRYPTION_KEYS = [NEW_KEY]

    with pytest.raises(InvalidToken):
        Platform.objects.get(pk=platform.pk)


def test_no_key_is_an_error_of_the_settings(settings):
    settings.FIELD_ENCRYPTION_KEYS = []

    with pytest.raises(ImproperlyConfigured, match="FIELD_ENCRYPTION_KEYS is empty"):
        cipher()
