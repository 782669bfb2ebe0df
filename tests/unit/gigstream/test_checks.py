"""Wrong settings, reported at start."""

import json
import os
import runpy
import subprocess
import sys
from types import SimpleNamespace

import pytest
from cryptography.fernet import Fernet
from django.conf import global_settings
from django.conf import settings as project
from django.core.management import CommandError, call_command

from gigstream import checks
from gigstream.simulators import circle_settings

GOOD_PRODUCTION = {
    "GIGSTREAM_ENV": "production",
    "SECRET_KEY": "s" * 20 + "abcdefghijklmnopqrstuvwxyz0123456789!?",
    "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
    "ALLOWED_HOSTS": "pay.example.com",
    "DATABASE_URL": "postgresql://gigstream@db.invalid:5432/gigstream?sslmode=verify-full",
    "REDIS_URL": "rediss://:secret@redis.invalid:6379/0?ssl_cert_reqs=required",
    "EMAIL_URL": "smtp+tls://mail.invalid:587",
    "WALLET_SIGN_IN_DOMAIN": "pay.example.com",
    "MEDIA_ORIGIN": "https://files.example.org",
    "CIRCLE_API_KEY": "LIVE_API_KEY:an-id:a-secret",
    "CIRCLE_ENTITY_SECRET": "d3" * 32,
    "CIRCLE_WALLET_SET_ID": circle_settings.WALLET_SET_ID,
    "CIRCLE_HOUSE_WALLET_ID": circle_settings.HOUSE_WALLET_ID,
    "CIRCLE_BLOCKCHAIN": "ARC",
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


@pytest.fixture
def found_with(monkeypatch):
    """Return the numbers that GigStream's checks give for the settings of an environment."""

    def found(**environment: str) -> list[str]:
        with pytest.MonkeyPatch.context() as patch:
            for name in os.environ:
                if name.endswith("_URL"):
                    patch.delenv(name)
            for name, value in environment.items():
                patch.setenv(name, value)
            values = runpy.run_path(str(project.BASE_DIR / "gigstream" / "settings.py"))
        monkeypatch.setattr(checks, "settings", SimpleNamespace(**{**vars(global_settings), **values}))
        return [error.id for error in (*checks.check_rules(None), *checks.check_production(None))]

    return found


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("PAYOUT_MINIMUM", "0", "gigstream.E001"),
        ("PAYOUT_MINIMUM", "0.0000001", "gigstream.E001"),
        ("PAYOUT_MINIMUM", "one", "gigstream.E001"),
        ("STREAM_MIN_INTERVAL_SECONDS", 0, "gigstream.E002"),
        ("RELEASE_BATCH_SIZE", 0, "gigstream.E004"),
        ("STREAM_MAX_PAUSE_DAYS", 0, "gigstream.E070"),
        ("PAYOUT_SMALLEST", "0", "gigstream.E005"),
        ("SETTLEMENT_CONFIRMATIONS", 0, "gigstream.E007"),
        ("RELEASE_WORKERS", 17, "gigstream.E011"),
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
        ("SANDBOX_HOUSE_USDC", "much", "gigstream.E031"),
        ("STAFF_TWO_FACTOR", "perhaps", "gigstream.E044"),
        ("STAFF_SESSION_MINUTES", 0, "gigstream.E045"),
        ("STAFF_SESSION_HOURS", 0, "gigstream.E046"),
        ("STAFF_ALONE_UP_TO", "-1", "gigstream.E047"),
        ("REWARD_ALONE_UP_TO", "some", "gigstream.E048"),
        ("CIRCLE_READ_SECONDS", 0, "gigstream.E032"),
        ("SIMULATED_BALANCE_LIMIT", "0", "gigstream.E070"),
        ("DAILY_BATCH_SIZE", 0, "gigstream.E071"),
        ("WITHDRAWAL_WAIT_HOURS", -1, "gigstream.E072"),
        ("WITHDRAWAL_ADDRESS_DELAY_HOURS", -1, "gigstream.E073"),
        ("SUBMISSION_ALONE_UP_TO", "-1", "gigstream.E078"),
        ("SUBMISSION_APPEAL_DAYS", 0, "gigstream.E079"),
        ("SUBMISSION_COPY_BITS", -1, "gigstream.E082"),
        ("SUBMISSION_PICTURE_MB", 127, "gigstream.E084"),
        ("MEDIA_LINK_SECONDS", 0, "gigstream.E086"),
        ("MEDIA_ORIGIN", "https://files.example.org/media", "gigstream.E087"),
        ("ORACLE_CONTRACT", "0x12", "gigstream.E090"),
        ("ORACLE_GAS_FLOOR_GWEI", "1001", "gigstream.E093"),
        ("ORACLE_GAS_CEILING_GWEI", "0", "gigstream.E093"),
        ("ORACLE_GAS_OF_A_MONTH", "-1", "gigstream.E094"),
        ("ORACLE_BLOCK_SECONDS", 0, "gigstream.E095"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_by_its_number(settings, name, value, code):
    setattr(settings, name, value)
    assert [error.id for error in checks.check_rules(None)] == [code]


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [("ORACLE_SIGNER_KEY", "0x12", "gigstream.E091"), ("CHAIN_RPC_URL", "", "gigstream.E092")],
)
def test_who_signs_needs_a_key_and_a_node(settings, name, value, code):
    settings.ORACLE_PROVIDER = "payments.settlement.signer.services.SigningProvider"
    settings.ORACLE_SIGNER_KEY, settings.CHAIN_RPC_URL = "0x" + "5e" * 32, "https://node.example.com"
    assert checks.check_rules(None) == []

    setattr(settings, name, value)

    assert [error.id for error in checks.check_rules(None)] == [code]


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("CIRCLE_ENTITY_SECRET", "5a", "gigstream.E033"),
        ("CIRCLE_WALLET_SET_ID", "", "gigstream.E034"),
        ("CIRCLE_HOUSE_WALLET_ID", "house", "gigstream.E035"),
        ("CIRCLE_BLOCKCHAIN", "ETH", "gigstream.E036"),
        ("CIRCLE_USDC_ADDRESS", "0x36", "gigstream.E037"),
        ("CIRCLE_API_URL", "http://api.circle.com", "gigstream.E038"),
    ],
)
def test_circles_settings_must_be_whole_once_there_is_a_key(settings, name, value, code):
    for setting, right in circle_settings.settings_for(8010).items():
        setattr(settings, setting, right)
    assert checks.check_rules(None) == []

    setattr(settings, name, value)

    assert [error.id for error in checks.check_rules(None)] == [code]
    settings.CIRCLE_API_KEY = ""
    assert checks.check_rules(None) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CIRCLE_API_KEY", ""),
        ("CIRCLE_API_KEY", "TEST_API_KEY:an-id:a-secret"),
        ("CIRCLE_BLOCKCHAIN", "ARC-TESTNET"),
        ("CIRCLE_API_URL", "http://127.0.0.1:8010"),
        ("PAYMENT_PROVIDER", "payments.settlement.sandbox.provider.SandboxProvider"),
    ],
)
def test_a_live_database_needs_a_real_provider(found_with, name, value):
    assert "gigstream.E061" in found_with(**{**GOOD_PRODUCTION, name: value})


def test_a_production_server_may_be_of_a_test_database(found_with):
    assert found_with(**{**GOOD_PRODUCTION, "GIGSTREAM_DATABASE": "test", "CIRCLE_API_KEY": ""}) == []


def test_a_database_is_test_or_live(found_with):
    assert found_with(GIGSTREAM_DATABASE="staging") == ["gigstream.E060"]


def test_production_requires_a_second_factor_of_staff(settings):
    settings.PRODUCTION, settings.STAFF_TWO_FACTOR = True, "optional"
    assert "gigstream.E029" in {error.id for error in checks.check_production(None)}
    settings.STAFF_TWO_FACTOR = "required"
    assert "gigstream.E029" not in {error.id for error in checks.check_production(None)}


def test_production_pays_through_no_simulator(found_with):
    assert "gigstream.E028" in found_with(**{**GOOD_PRODUCTION, **circle_settings.settings_for(8010)})


@pytest.mark.long_form
def test_circles_client_is_loaded_only_when_it_is_used():
    script = """
import sys, manage
sys.argv[1:] = ["check"]
manage.main()
print([name for name in sys.modules if name.startswith("circle.")])
"""

    assert python("-c", script).stdout.splitlines()[-1] == "[]"


def test_the_defaults_are_fine():
    assert checks.check_rules(None) == []
    assert checks.check_production(None) == []


def test_production_refuses_every_development_default(found_with):
    found = found_with(GIGSTREAM_ENV="production", DEBUG="true", ALLOWED_HOSTS="*")

    assert {f"gigstream.E{number:03}" for number in (*range(20, 25), 26, 27)} <= set(found)


@pytest.mark.parametrize("key", ["changeme", "s" * 64, "abcabcabc" * 8])
def test_production_refuses_a_secret_key_that_can_be_guessed(settings, key):
    settings.PRODUCTION, settings.SECRET_KEY = True, key

    assert "gigstream.E062" in {error.id for error in checks.check_production(None)}


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("DATABASE_URL", "postgresql://gigstream@db.invalid:5432/gigstream", "gigstream.W060"),
        ("DATABASE_URL", "postgresql://gigstream@db.invalid:5432/gigstream?sslmode=prefer", "gigstream.W060"),
        ("REDIS_URL", "redis://:secret@redis.invalid:6379/0", "gigstream.W061"),
        ("REDIS_URL", "rediss://redis.invalid:6379/0?ssl_cert_reqs=required", "gigstream.W061"),
        ("EMAIL_URL", "smtp://mail.invalid:25", "gigstream.W062"),
        ("CHAIN_RPC_URL", "http://node.invalid:8545", "gigstream.E063"),
    ],
)
def test_what_leaves_the_machine_in_the_open_is_named(found_with, name, value, code):
    assert found_with(**{**GOOD_PRODUCTION, name: value}) == [code]


def test_what_stays_on_the_machine_needs_no_encryption(settings):
    settings.PRODUCTION = True
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "localhost"
    settings.CHAIN_RPC_URL = "http://127.0.0.1:8545"

    found = {error.id for error in checks.check_production(None)}

    assert found & {"gigstream.W060", "gigstream.W061", "gigstream.W062", "gigstream.E063"} == set()


@pytest.mark.long_form
def test_the_web_server_does_not_come_up_on_them():
    """From the settings alone: the live database, which has no real provider, is not there."""
    result = python("-c", "import gigstream.wsgi", GIGSTREAM_ENV="production")

    assert result.returncode == 1
    assert "gigstream.E020" in result.stderr
    assert "gigstream.E061" in result.stderr


@pytest.mark.long_form
def test_production_with_its_own_values_is_clean_by_djangos_deploy_checks_too():
    result = python("manage.py", "check", "--deploy", "--fail-level", "WARNING", **GOOD_PRODUCTION)

    assert (result.returncode, result.stderr) == (0, "")


def test_webhooks_to_this_machine_are_not_for_production(found_with):
    assert found_with(WEBHOOK_ALLOW_LOOPBACK="true", **GOOD_PRODUCTION) == ["gigstream.E025"]


CHIRP = {
    "title": "Chirp",
    "client_id": "id",
    "client_secret": "secret",
    "authorization_url": "https://chirp.example/authorize",
    "token_url": "https://chirp.example/token",
    "userinfo_url": "https://chirp.example/me",
    "user_id_at": "data.id",
    "username_at": "data.username",
}


@pytest.mark.parametrize(
    "networks",
    [
        [],
        {"Chirp": CHIRP},
        {"chirp": "chirp"},
        {"chirp": {**CHIRP, "scope": 5}},
        {"chirp": {**CHIRP, "color": "blue"}},
        {"chirp": {**CHIRP, "client_id": ""}},
        {"chirp": {**CHIRP, "client_secret": ""}},
        {"chirp": {**CHIRP, "token_auth_method": "none"}},
        {"chirp": {**CHIRP, "token_auth_method": "magic"}},
        {"chirp": {**CHIRP, "token_url": "http://chirp.example/token"}},
        {"chirp": {**CHIRP, "token_url": "https://10.0.0.7/token"}},
        {"chirp": {**CHIRP, "userinfo_url": "http://127.0.0.1:8020/me"}},
    ],
)
def test_a_network_with_wrong_data_is_named(found_with, networks):
    assert found_with(SOCIAL_NETWORKS=json.dumps(networks)) == ["gigstream.E075"]


def test_a_network_with_right_data_is_taken(found_with):
    assert found_with(SOCIAL_NETWORKS=json.dumps({"chirp": CHIRP})) == []
    local = {**CHIRP, "userinfo_url": "http://127.0.0.1:8020/me"}
    assert found_with(SOCIAL_NETWORKS=json.dumps({"chirp": local}), SOCIAL_ALLOW_LOOPBACK="true") == []


@pytest.mark.parametrize("chains", ["eip155:0", "eip155:1,cosmos:", "zigchain-1", "solana:mainnet"])
def test_a_chain_is_one_of_the_namespaces(found_with, chains):
    assert found_with(SIGN_IN_CHAINS=chains) == ["gigstream.E074"]


def test_networks_in_production_are_elsewhere_and_send_back_over_tls(found_with):
    assert found_with(SOCIAL_ALLOW_LOOPBACK="true", **GOOD_PRODUCTION) == ["gigstream.E076"]
    with_chirp = {**GOOD_PRODUCTION, "SOCIAL_NETWORKS": json.dumps({"chirp": CHIRP})}
    assert found_with(**with_chirp) == ["gigstream.E077"]
    assert found_with(**with_chirp, SOCIAL_REDIRECT_URL="https://pay.example.com/linked") == []


@pytest.mark.parametrize(
    ("origin", "code"),
    [
        ("", "gigstream.E088"),
        ("http://files.example.org", "gigstream.E088"),
        ("https://pay.example.com", "gigstream.E089"),
        ("https://pay.example.com:8443", "gigstream.E089"),
    ],
)
def test_files_of_strangers_are_on_no_host_of_ours_in_production(found_with, origin, code):
    assert found_with(**{**GOOD_PRODUCTION, "MEDIA_ORIGIN": origin}) == [code]
    wide = {**GOOD_PRODUCTION, "ALLOWED_HOSTS": ".example.org"}
    assert found_with(**wide) == ["gigstream.E089"]


def test_pages_of_staff_show_images_of_the_origin_of_files():
    script = "from gigstream.web import browsers; print(browsers.STAFF['img-src'])"
    environment = {
        "DJANGO_SETTINGS_MODULE": "gigstream.settings",
        "MEDIA_ORIGIN": "https://files.example.org",
    }

    shown = python("-c", script, **environment)

    assert shown.stdout.strip() == "'self' data: https://files.example.org"


def test_the_demo_is_not_for_production(settings):
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="the demo is not for production"):
        call_command("seed_demo")
