"""Keys: visible once, found by prefix, rotated with an overlap, revoked at once."""

from datetime import timedelta

import pytest

from platforms import services as platforms
from platforms.models import ApiKey
from platforms.platforms.scopes import scope_names
from platforms.platforms.selectors import find_usable_key
from tests.support.factories import NOW, PlatformFactory

pytestmark = pytest.mark.django_db


def test_a_key_speaks_for_its_platform_and_only_its_hash_is_kept():
    platform = PlatformFactory()
    key, text = platforms.create_api_key(platform_id=platform.pk)

    assert text.startswith(f"gs_test_{key.prefix}_")
    assert find_usable_key(text, NOW).platform == platform
    secret = text.removeprefix(f"gs_test_{key.prefix}_")
    assert len(secret) >= 40
    assert secret not in str(vars(key))


def test_a_key_may_take_money_out_only_when_its_maker_says_so():
    platform = PlatformFactory()
    key, _ = platforms.create_api_key(platform_id=platform.pk)
    row = ApiKey.objects.create(platform=platform, prefix="byhand00", secret_hash="0" * 64)
    named, _ = platforms.create_api_key(platform_id=platform.pk, scopes=["withdrawals:write"])
    empty, _ = platforms.create_api_key(platform_id=platform.pk, scopes=[])

    ordinary = set(scope_names()) - {"withdrawals:write"}
    assert set(key.scopes) == set(row.scopes) == ordinary
    assert (named.scopes, empty.scopes) == (["withdrawals:write"], [])


@pytest.mark.parametrize(
    "spoil", [lambda text: text[:-1] + "#", lambda text: text + "x", lambda _: "", str.upper]
)
def test_a_wrong_key_speaks_for_nobody(spoil):
    _, text = platforms.create_api_key(platform_id=PlatformFactory().pk)
    assert find_usable_key(spoil(text), NOW) is None


def test_rotation_overlaps_for_a_day():
    platform = PlatformFactory()
    key, old = platforms.create_api_key(platform_id=platform.pk)

    _, new = platforms.rotate_api_key(key_id=key.pk, now=NOW)

    assert find_usable_key(old, NOW + timedelta(hours=23)).platform == platform
    assert find_usable_key(old, NOW + timedelta(hours=24)) is None
    assert find_usable_key(new, NOW + timedelta(days=99)).platform == platform


def test_a_revoked_key_is_dead_at_once():
    key, text = platforms.create_api_key(platform_id=PlatformFactory().pk)
    platforms.revoke_api_key(key_id=key.pk, now=NOW)
    assert find_usable_key(text, NOW) is None
