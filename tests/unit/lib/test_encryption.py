"""Encrypted columns: unreadable in a dump, bound to their row and column, and open to new keys."""

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection, transaction

from audit.models import AuditLog
from gigstream.core.encryption import current_cipher, rotate_batch
from gigstream.staff.models import Authenticator
from platforms.models import Platform
from tests.support.factories import PlatformFactory

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
    assert current_cipher().decrypt(_stored(platform, "wallet_id").encode()).decode().endswith("wallet-ü-123")


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

    with pytest.raises(ValueError, match=rf"was found in platforms\.{platform.pk}\.webhook_secret"):
        _ = Platform.objects.get(pk=platform.pk).webhook_secret


@pytest.mark.django_db
def test_a_value_moved_to_another_row_is_not_read():
    """A platform's webhook secret signs nothing of another's."""
    ours, theirs = PlatformFactory(wallet_id="ours"), PlatformFactory(wallet_id="theirs")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE platforms SET wallet_id = (SELECT wallet_id FROM platforms WHERE id = %s) WHERE id = %s",
            [ours.pk, theirs.pk],
        )

    with pytest.raises(ValueError, match=rf"another row or column was found in platforms\.{theirs.pk}"):
        _ = Platform.objects.get(pk=theirs.pk).wallet_id
    assert Platform.objects.get(pk=ours.pk).wallet_id == "ours"


@pytest.mark.django_db
def test_a_row_that_the_table_numbers_has_its_number_before_its_value_is_encrypted():
    member = User.objects.create_user("ann")

    made = Authenticator.objects.create(user=member, key="ab" * 20)

    assert Authenticator.objects.get(pk=made.pk).key == "ab" * 20


@pytest.mark.django_db
def test_plain_text_is_written_and_read_through_its_row_alone():
    platform = PlatformFactory(wallet_id="w-1")

    with pytest.raises(TypeError, match="wallet_id is encrypted for one row"), transaction.atomic():
        Platform._base_manager.filter(pk=platform.pk).update(wallet_id="w-2")
    assert "w-1" not in Platform._base_manager.values_list("wallet_id", flat=True).get()
    assert Platform.objects.get(pk=platform.pk).wallet_id == "w-1"


@pytest.mark.django_db
def test_a_tampered_value_is_not_read():
    platform = PlatformFactory(wallet_id="w-1")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE platforms SET wallet_id = overlay(wallet_id placing '____' from 40) WHERE id = %s",
            [platform.pk],
        )

    with pytest.raises(InvalidToken):
        _ = Platform.objects.get(pk=platform.pk).wallet_id


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
        _ = Platform.objects.get(pk=platform.pk).wallet_id


@pytest.mark.django_db
def test_after_a_rotation_an_old_key_can_be_dropped(settings):
    """Every encrypted column there is, in batches that may end anywhere."""
    settings.FIELD_ENCRYPTION_KEYS = [OLD_KEY]
    platforms = [PlatformFactory(wallet_id=f"w-{number}") for number in range(5)]
    Authenticator.objects.create(user=User.objects.create_user("ann"), key="ab" * 20)
    settings.FIELD_ENCRYPTION_KEYS = [NEW_KEY, OLD_KEY]
    first = rotate_batch(Platform, after=None, size=2)
    assert (first.rows, first.encrypted) == (2, 2)

    call_command("rotate_keys", batch=2)

    (line,) = AuditLog.objects.filter(action="encryption.rotate")
    assert line.changes_after == {
        "workers": 0,
        "personal_changes": 0,
        "password_resets": 0,
        "invitations": 0,
        "platforms": 3,
        "creator_profiles": 0,
        "listener_keys": 0,
        "usage_signing_keys": 0,
        "signed_calls": 0,
        "chain_operation_creators": 0,
        "staff_authenticators": 1,
        "webhook_endpoints": 0,
    }
    settings.FIELD_ENCRYPTION_KEYS = [NEW_KEY]
    assert [Platform.objects.get(pk=one.pk).wallet_id for one in platforms] == [f"w-{n}" for n in range(5)]
    assert Authenticator.objects.get().key == "ab" * 20


@pytest.mark.django_db
def test_a_rotation_stops_at_a_value_of_another_row(settings):
    """It would otherwise make a swapped value good."""
    ours, theirs = PlatformFactory(wallet_id="ours"), PlatformFactory(wallet_id="theirs")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE platforms SET wallet_id = (SELECT wallet_id FROM platforms WHERE id = %s) WHERE id = %s",
            [ours.pk, theirs.pk],
        )
    settings.FIELD_ENCRYPTION_KEYS = [NEW_KEY, *settings.FIELD_ENCRYPTION_KEYS]

    with pytest.raises(ValueError, match="another row or column"):
        call_command("rotate_keys")


def test_no_key_is_an_error_of_the_settings(settings):
    settings.FIELD_ENCRYPTION_KEYS = []

    with pytest.raises(ImproperlyConfigured, match="FIELD_ENCRYPTION_KEYS is empty"):
        current_cipher()
