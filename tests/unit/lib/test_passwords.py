"""Passwords are hashed with bcrypt at cost 10, whatever their length."""

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password

from gigstream.lib.passwords import Bcrypt10


def test_the_first_hasher_of_the_settings_outside_tests_is_bcrypt_at_cost_10():
    production = [name for name in settings.PASSWORD_HASHERS if "MD5" not in name]

    assert production[0] == f"{Bcrypt10.__module__}.{Bcrypt10.__name__}"
    assert make_password("secret", hasher=Bcrypt10()).startswith("bcrypt_sha256$$2b$10$")


def test_a_long_password_is_accepted_and_all_of_it_counts():
    hashed = make_password("x" * 200 + "1", hasher=Bcrypt10())

    assert check_password("x" * 200 + "1", hashed, preferred=Bcrypt10())
    assert not check_password("x" * 200 + "2", hashed, preferred=Bcrypt10())


def test_a_hash_fits_its_column():
    assert len(make_password("ü" * 500, hasher=Bcrypt10())) <= 128
