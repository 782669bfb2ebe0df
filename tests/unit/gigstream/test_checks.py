"""Wrong settings are told at start."""

import os
import subprocess
import sys

import pytest
from cryptography.fernet import Fernet
from django.conf import settings as project

from gigstream import checks

GOOD_PRODUCTION = {
    "GIGSTREAM_ENV": "production",
    "SECRET_KEY": "s" * 20 + "abcdefghijklmnopqrstuvwxyz0123456789!?",
    "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
    "ALLOWED_HOSTS": "pay.example.com",
    "DATABASE_URL": "postgresql://gigstream@db.invalid:5432/gigstream",
    "REDIS_URL": "redis://redis.invalid:6379/0",
    "EMAIL_URL": "smtp://mail.invalid:25",
    "WALLET_SIGN_IN_DOMAIN": "pay.example.com",
}


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=project.BASE_DIR,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("PAYOUT_MINIMUM", "0", "gigstream.E001"),
        ("PAYOUT_MINIMUM", "0.0000001", "gigstream.E001"),
        ("PAYOUT_MINIMUM", "one", "gigstream.E001"),
        ("STREAM_MIN_INTERVAL_SECONDS", 0, "gigstream.E002"),
        ("RELEASE_BATCH_SIZE", 0, "gigstream.E004"),
        ("SETTLEMENT_CONFIRMATIONS", 0, "gigstream.E007"),
        ("RELEASE_LANES", 17, "gigstream.E011"),
        ("BALANCE_LOW_THRESHOLD", "-1", "gigstream.E013"),
        ("BALANCE_LOW_THRESHOLD", "some", "gigstream.E013"),
        ("WEBHOOK_CONCURRENCY", 0, "gigstream.E014"),
        ("FIELD_ENCRYPTION_KEYS", ["short"], "gigstream.E012"),
        ("FIELD_ENCRYPTION_KEYS", [], "gigstream.E012"),
        ("SIGN_IN_FAILURES_PER_ADDRESS", 4, "gigstream.E015"),
        ("CHAIN_ID", 0, "gigstream.E016"),
        ("WALLET_SIGN_IN_DOMAIN", "https://pay.example.com", "gigstream.E017"),
        ("WALLET_SIGN_IN_DOMAIN", "", "gigstream.E017"),
        ("PASSWORD_RESET_URL", "pay.example.com/reset", "gigstream.E018"),
        ("INVITATION_URL", "pay.example.com/join", "gigstream.E018"),
        ("TRUSTED_PROXIES", -1, "gigstream.E019"),
        ("METRICS_TOKEN", "nineteen-characters", "gigstream.E030"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_by_its_number(settings, name, value, code):
    setattr(settings, name, value)
    assert [error.id for error in checks.check_rules(None)] == [code]


def test_the_defaults_are_fine():
    assert checks.check_rules(None) == []
    assert checks.check_production(None) == []


def test_production_refuses_every_development_default():
    result = python("manage.py", "check", GIGSTREAM_ENV="production", DEBUG="true", ALLOWED_HOSTS="*")

    assert result.returncode == 1
    for number in (*range(20, 25), 26, 27):
        assert f"gigstream.E{number:03}" in result.stderr


def test_the_web_server_does_not_come_up_on_them():
    result = python("-c", "import gigstream.wsgi", GIGSTREAM_ENV="production")

    assert result.returncode == 1
    assert "gigstream.E020" in result.stderr


def test_production_with_its_own_values_is_clean_by_djangos_deploy_checks_too():
    result = python("manage.py", "check", "--deploy", "--fail-level", "WARNING", **GOOD_PRODUCTION)

    assert (result.returncode, result.stderr) == (0, "")


def test_webhooks_to_this_machine_are_not_for_production():
    result = python("manage.py", "check", "--deploy", WEBHOOK_ALLOW_LOOPBACK="true", **GOOD_PRODUCTION)

    assert result.returncode == 1
    assert "gigstream.E025" in result.stderr


def test_the_demo_is_not_for_production():
    result = python("manage.py", "seed_demo", **GOOD_PRODUCTION)

    assert result.returncode == 1
    assert "the demo is not for production" in result.stderr
