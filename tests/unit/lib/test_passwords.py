"""Passwords: hashed with bcrypt at cost 10, at any length and from any keyboard."""

import pytest
from django.conf import settings
from django.contrib.auth.hashers import BCryptSHA256PasswordHasher, check_password, make_password

from gigstream.sign_in.password_hashing import Bcrypt10


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


COMPOSED, DECOMPOSED = "caf\u00e9 cr\u00e8me brune", "cafe\u0301 cre\u0300me brune"


@pytest.fixture
def bcrypt(settings):
    settings.PASSWORD_HASHERS = ["gigstream.sign_in.password_hashing.Bcrypt10"]


@pytest.mark.usefixtures("bcrypt")
@pytest.mark.parametrize(("chosen", "typed"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
def test_the_same_password_from_another_keyboard_is_the_same(chosen, typed):
    """A Mac may write é as two characters, a telephone as a single character."""
    assert check_password(typed, make_password(chosen))


@pytest.mark.usefixtures("bcrypt")
def test_a_hash_made_of_the_password_as_it_was_typed_still_opens():
    old = BCryptSHA256PasswordHasher()
    old.rounds = 10
    encoded = make_password(DECOMPOSED, hasher=old)

    assert check_password(DECOMPOSED, encoded)
    assert not check_password(COMPOSED, encoded)


@pytest.mark.usefixtures("bcrypt")
@pytest.mark.parametrize(("password", "hashes"), [(COMPOSED, 1), (DECOMPOSED, 2)])
def test_a_hash_made_in_vain_and_a_wrong_password_take_the_same_number_of_hashes(
    password, hashes, monkeypatch
):
    """So that the time of an answer does not say whether anybody has the name."""
    encoded = make_password("another one")
    made = []
    encode = BCryptSHA256PasswordHasher.encode
    monkeypatch.setattr(
        BCryptSHA256PasswordHasher, "encode", lambda self, *given: made.append(1) or encode(self, *given)
    )

    assert not check_password(password, encoded)
    assert len(made) == hashes
    made.clear()
    make_password(password)
    assert len(made) == hashes
