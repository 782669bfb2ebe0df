"""System checks: a wrong setting is reported at start, with its number, and not at the first payment."""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.http.request import validate_host

from audit.database_identity.enums import DatabaseKind
from gigstream.core.money import MICRO
from gigstream.settings import DEVELOPMENT_FIELD_KEY, DEVELOPMENT_KEY
from workers.social.networks import network_faults
from workers.wallets.chains import parse_chain

SHORTEST_TOKEN = 20
SHORTEST_KEY, FEWEST_CHARACTERS = 50, 10
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_ENTITY_SECRET = re.compile(r"[0-9a-fA-F]{64}")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_PRIVATE_KEY = re.compile(r"0x[0-9a-fA-F]{64}")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?", re.ASCII)
_EXPLORER = re.compile(r"https?://[\w.:-]+(?:/[\w./-]*)?", re.ASCII)
_DOMAIN = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?", re.ASCII)


@register
def check_rules(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Return an error for each setting outside its range."""
    return list(_setting_errors())


def _setting_errors() -> Iterator[CheckMessage]:
    if not _is_amount(settings.PAYOUT_MINIMUM):
        yield Error("PAYOUT_MINIMUM must be an amount above 0 with at most 6 decimals", id="gigstream.E001")
    if not _is_amount(settings.PAYOUT_SMALLEST):
        yield Error("PAYOUT_SMALLEST must be an amount above 0 with at most 6 decimals", id="gigstream.E005")
    for number, name in (
        (2, "STREAM_MIN_INTERVAL_SECONDS"),
        (3, "STREAM_MAX_DURATION_DAYS"),
        (4, "RELEASE_BATCH_SIZE"),
        (6, "PAYOUT_BATCH_SIZE"),
        (7, "SETTLEMENT_CONFIRMATIONS"),
        (8, "SANDBOX_BLOCK_SECONDS"),
        (9, "LOAN_TERM_DAYS"),
        (10, "LOAN_DEFAULT_AFTER_DAYS"),
        (70, "STREAM_MAX_PAUSE_DAYS"),
    ):
        if getattr(settings, name) < 1:
            yield Error(f"{name} must be at least 1", id=f"gigstream.E{number:03}")
    if not 1 <= settings.RELEASE_WORKERS <= 16:
        yield Error("RELEASE_WORKERS must be from 1 to 16, the number of shards", id="gigstream.E011")
    if not settings.FIELD_ENCRYPTION_KEYS or not all(map(_is_key, settings.FIELD_ENCRYPTION_KEYS)):
        yield Error(
            "FIELD_ENCRYPTION_KEYS must be Fernet keys (32 bytes, url-safe base64)", id="gigstream.E012"
        )
    if not _is_amount(settings.BALANCE_LOW_THRESHOLD, lowest=Decimal(0)):
        yield Error(
            "BALANCE_LOW_THRESHOLD must be an amount of 0 or more with at most 6 decimals",
            id="gigstream.E013",
        )
    for number, name in enumerate(("STAFF_ALONE_UP_TO", "REWARD_ALONE_UP_TO"), start=47):
        if not _is_amount(getattr(settings, name), lowest=Decimal(0)):
            yield Error(f"{name} must be an amount of 0 or more", id=f"gigstream.E{number:03}")
    if not 1 <= settings.WEBHOOK_CONCURRENCY <= 64:
        yield Error("WEBHOOK_CONCURRENCY must be from 1 to 64 threads", id="gigstream.E014")
    if settings.SIGN_IN_FAILURES_PER_ADDRESS < 5:
        yield Error(
            "SIGN_IN_FAILURES_PER_ADDRESS must be at least 5, the attempts of an account", id="gigstream.E015"
        )
    if settings.STAFF_TWO_FACTOR not in ("required", "optional"):
        yield Error("STAFF_TWO_FACTOR must be required or optional", id="gigstream.E044")
    for number, name in enumerate(("STAFF_SESSION_MINUTES", "STAFF_SESSION_HOURS"), start=45):
        if getattr(settings, name) < 1:
            yield Error(f"{name} must be at least 1", id=f"gigstream.E{number:03}")
    if settings.TRUSTED_PROXIES < 0:
        yield Error("TRUSTED_PROXIES must be at least 0", id="gigstream.E019")
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < SHORTEST_TOKEN:
        yield Error(f"METRICS_TOKEN must have {SHORTEST_TOKEN} characters or more", id="gigstream.E030")
    yield from _bound_errors()
    yield from _database_errors()
    yield from _circle_errors()
    yield from _chain_errors()
    yield from _oracle_errors()
    yield from _sign_in_errors()


def _sign_in_errors() -> Iterator[CheckMessage]:
    """Yield errors of the sign-in of workers: chains, social networks, pages."""
    if settings.CHAIN_ID < 1:
        yield Error("CHAIN_ID must be at least 1", id="gigstream.E016")
    if not _DOMAIN.fullmatch(settings.WALLET_SIGN_IN_DOMAIN):
        yield Error("WALLET_SIGN_IN_DOMAIN must be a host, with a port if need be", id="gigstream.E017")
    for name in ("REGISTRATION_URL", "PASSWORD_RESET_URL", "INVITATION_URL", "SOCIAL_REDIRECT_URL"):
        if not re.match("https?://|$", getattr(settings, name)):
            yield Error(f"{name} must be the address of a page", id="gigstream.E018")
    for text in settings.SIGN_IN_CHAINS:
        if parse_chain(text) is None:
            yield Error(
                f"SIGN_IN_CHAINS: {text} is not an id as eip155:1 or cosmos:zigchain-1", id="gigstream.E074"
            )
    for fault in network_faults(settings.SOCIAL_NETWORKS, allow_loopback=settings.SOCIAL_ALLOW_LOOPBACK):
        yield Error(f"SOCIAL_NETWORKS: {fault}", id="gigstream.E075")


def _bound_errors() -> Iterator[CheckMessage]:
    if not _is_amount(settings.SIMULATED_BALANCE_LIMIT):
        yield Error("SIMULATED_BALANCE_LIMIT must be an amount above 0", id="gigstream.E070")
    for number, name in enumerate(("WITHDRAWAL_WAIT_HOURS", "WITHDRAWAL_ADDRESS_DELAY_HOURS"), start=72):
        if getattr(settings, name) < 0:
            yield Error(f"{name} must be 0 or more", id=f"gigstream.E{number:03}")
    yield from _submission_errors()
    if settings.DAILY_BATCH_SIZE < 1:
        yield Error("DAILY_BATCH_SIZE must be at least 1", id="gigstream.E071")


def _submission_errors() -> Iterator[CheckMessage]:
    """Yield errors of the rules of submissions, and of where their files are."""
    if not _is_amount(settings.SUBMISSION_ALONE_UP_TO, lowest=Decimal(0)):
        yield Error("SUBMISSION_ALONE_UP_TO must be an amount of 0 or more", id="gigstream.E078")
    for number, name, least in (
        (79, "SUBMISSION_APPEAL_DAYS", 1),
        (80, "SUBMISSION_OVERDUE_DAYS", 1),
        (81, "SUBMISSION_IMAGES_DAYS", 1),
        (82, "SUBMISSION_COPY_BITS", 0),
        (83, "SUBMISSION_SIMILAR_BITS", 0),
        (84, "SUBMISSION_PICTURE_MB", 128),
        (85, "SUBMISSION_PICTURE_SECONDS", 1),
        (86, "MEDIA_LINK_SECONDS", 1),
    ):
        if getattr(settings, name) < least:
            yield Error(f"{name} must be at least {least}", id=f"gigstream.E{number:03}")
    if settings.EXPLORER_URL and not _EXPLORER.fullmatch(settings.EXPLORER_URL):
        yield Error(
            "EXPLORER_URL must be an address, as in https://explorer.example.org", id="gigstream.E199"
        )
    if settings.MEDIA_ORIGIN and not _ORIGIN.fullmatch(settings.MEDIA_ORIGIN):
        yield Error("MEDIA_ORIGIN must be an origin, as in https://files.example.org", id="gigstream.E087")


def _database_errors() -> Iterator[CheckMessage]:
    """Yield errors of the database's kind, and of a provider that does not move money of that kind."""
    if settings.DATABASE_KIND not in DatabaseKind.values:
        yield Error("GIGSTREAM_DATABASE must be test or live", id="gigstream.E060")
    if settings.DATABASE_KIND == DatabaseKind.LIVE and (reason := _play_money_reason()):
        yield Error(
            f"a live database needs a real provider: {reason}",
            hint="GIGSTREAM_DATABASE=test creates a database of play money, with a notice on each page",
            id="gigstream.E061",
        )


def _play_money_reason() -> str:
    """Return the reason why the configured provider moves no real USDC, empty if it does."""
    if settings.PAYMENT_PROVIDER.endswith(".SandboxProvider") or not settings.CIRCLE_API_KEY:
        return "without CIRCLE_API_KEY the sandbox pays"
    if urlsplit(settings.CIRCLE_API_URL).hostname in LOOPBACK:
        return "CIRCLE_API_URL is a simulator on this machine"
    if settings.CIRCLE_API_KEY.startswith("TEST_API_KEY:"):
        return "CIRCLE_API_KEY is one of Circle's test keys"
    if settings.CIRCLE_BLOCKCHAIN.endswith("-TESTNET"):
        return f"{settings.CIRCLE_BLOCKCHAIN} is a test network"
    return ""


def _circle_errors() -> Iterator[CheckMessage]:
    """Yield errors of the sandbox's settings and, if a key is set, of Circle's."""
    if not _is_amount(settings.SANDBOX_HOUSE_USDC):
        yield Error(
            "SANDBOX_HOUSE_USDC must be an amount above 0 with at most 6 decimals", id="gigstream.E031"
        )
    if settings.CIRCLE_READ_SECONDS < 1:
        yield Error("CIRCLE_READ_SECONDS must be at least 1", id="gigstream.E032")
    if not settings.CIRCLE_API_KEY:
        return
    if not _ENTITY_SECRET.fullmatch(settings.CIRCLE_ENTITY_SECRET):
        yield Error("CIRCLE_ENTITY_SECRET must be 64 hex digits", id="gigstream.E033")
    for number, name in enumerate(("CIRCLE_WALLET_SET_ID", "CIRCLE_HOUSE_WALLET_ID"), start=34):
        if not _is_uuid(getattr(settings, name)):
            yield Error(f"{name} must be an id of Circle's, a UUID", id=f"gigstream.E{number:03}")
    if settings.CIRCLE_BLOCKCHAIN not in ("ARC", "ARC-TESTNET"):
        yield Error("CIRCLE_BLOCKCHAIN must be ARC or ARC-TESTNET", id="gigstream.E036")
    if not _ADDRESS.fullmatch(settings.CIRCLE_USDC_ADDRESS):
        yield Error("CIRCLE_USDC_ADDRESS must be an address: 0x and 40 hex digits", id="gigstream.E037")
    if not settings.CIRCLE_API_URL.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
        yield Error("CIRCLE_API_URL must be https, or on this machine", id="gigstream.E038")


def _chain_errors() -> Iterator[CheckMessage]:
    """Yield errors of the settings for the chain's node."""
    if not re.match("https?://|$", settings.CHAIN_RPC_URL):
        yield Error("CHAIN_RPC_URL must be the address of a JSON-RPC node", id="gigstream.E039")
    for number, name in enumerate(("CHAIN_READ_SECONDS", "CHAIN_BLOCKS_PER_READ"), start=40):
        if getattr(settings, name) < 1:
            yield Error(f"{name} must be at least 1", id=f"gigstream.E{number:03}")
    if settings.CHAIN_START_BLOCK < 0:
        yield Error("CHAIN_START_BLOCK must be at least 0", id="gigstream.E042")
    if settings.TREASURY_OWN_USDC and not _is_amount(settings.TREASURY_OWN_USDC, lowest=Decimal(0)):
        yield Error(
            "TREASURY_OWN_USDC must be an amount of 0 or more with at most 6 decimals", id="gigstream.E043"
        )


def _oracle_errors() -> Iterator[CheckMessage]:
    """Yield errors of the settings for records on the chain."""
    if settings.ORACLE_CONTRACT and not _ADDRESS.fullmatch(settings.ORACLE_CONTRACT):
        yield Error("ORACLE_CONTRACT must be an address: 0x and 40 hex digits", id="gigstream.E090")
    if settings.ORACLE_PROVIDER.endswith(".SigningProvider"):
        if not _PRIVATE_KEY.fullmatch(settings.ORACLE_SIGNER_KEY):
            yield Error("ORACLE_SIGNER_KEY must be a private key: 0x and 64 hex digits", id="gigstream.E091")
        if not settings.CHAIN_RPC_URL:
            yield Error(
                "CHAIN_RPC_URL must name a node: ORACLE_PROVIDER sends through it", id="gigstream.E092"
            )
    if not (
        _is_amount(settings.ORACLE_GAS_FLOOR_GWEI, lowest=Decimal(0))
        and _is_amount(settings.ORACLE_GAS_CEILING_GWEI)
        and Decimal(settings.ORACLE_GAS_FLOOR_GWEI) <= Decimal(settings.ORACLE_GAS_CEILING_GWEI)
    ):
        yield Error(
            "ORACLE_GAS_FLOOR_GWEI and ORACLE_GAS_CEILING_GWEI must be prices, the floor below the ceiling",
            id="gigstream.E093",
        )
    if not _is_amount(settings.ORACLE_GAS_OF_A_MONTH, lowest=Decimal(0)):
        yield Error("ORACLE_GAS_OF_A_MONTH must be an amount of 0 or more", id="gigstream.E094")
    if settings.ORACLE_BLOCK_SECONDS < 1:
        yield Error("ORACLE_BLOCK_SECONDS must be at least 1", id="gigstream.E095")


def _is_amount(text: str, *, lowest: Decimal = MICRO) -> bool:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return False
    return value.is_finite() and value >= lowest and value == value.quantize(MICRO)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _is_key(text: str) -> bool:
    try:
        Fernet(text)
    except ValueError:
        return False
    return True


@register
def check_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Return an error for each development setting in production."""
    return list(_production_errors()) if settings.PRODUCTION else []


def _production_errors() -> Iterator[CheckMessage]:
    if DEVELOPMENT_KEY == settings.SECRET_KEY:
        yield Error("SECRET_KEY must be set in production", id="gigstream.E020")
    elif len(settings.SECRET_KEY) < SHORTEST_KEY or len(set(settings.SECRET_KEY)) < FEWEST_CHARACTERS:
        yield Error(
            f"SECRET_KEY can be guessed: {SHORTEST_KEY} characters or more, {FEWEST_CHARACTERS}"
            " different at least; it signs the tokens of workers",
            id="gigstream.E062",
        )
    if settings.DEBUG:
        yield Error("DEBUG must be off in production", id="gigstream.E021")
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        yield Error("ALLOWED_HOSTS must name the hosts in production", id="gigstream.E022")
    if DEVELOPMENT_FIELD_KEY in settings.FIELD_ENCRYPTION_KEYS:
        yield Error("FIELD_ENCRYPTION_KEYS must be set in production", id="gigstream.E023")
    if not settings.DATABASE_URL_GIVEN or not settings.REDIS_URL_GIVEN:
        yield Error("DATABASE_URL and REDIS_URL must be set in production", id="gigstream.E024")
    if settings.WEBHOOK_ALLOW_LOOPBACK:
        yield Error("WEBHOOK_ALLOW_LOOPBACK must be off in production", id="gigstream.E025")
    if settings.SOCIAL_ALLOW_LOOPBACK:
        yield Error("SOCIAL_ALLOW_LOOPBACK must be off in production", id="gigstream.E076")
    if settings.SOCIAL_NETWORKS and not settings.SOCIAL_REDIRECT_URL.startswith("https://"):
        yield Error("SOCIAL_REDIRECT_URL must be https in production", id="gigstream.E077")
    if settings.CIRCLE_API_KEY and not settings.CIRCLE_API_URL.startswith("https://"):
        yield Error("CIRCLE_API_URL must be https in production", id="gigstream.E028")
    if settings.STAFF_TWO_FACTOR != "required":
        yield Error("STAFF_TWO_FACTOR must be required in production", id="gigstream.E029")
    if not settings.EMAIL_URL_GIVEN:
        yield Error("EMAIL_URL must be set in production", id="gigstream.E026")
    if settings.WALLET_SIGN_IN_DOMAIN.startswith(("127.", "localhost")):
        yield Error("WALLET_SIGN_IN_DOMAIN must be set in production", id="gigstream.E027")
    yield from _media_errors()
    yield from _open_connections()


def _media_errors() -> Iterator[CheckMessage]:
    """Yield errors of an origin on which files of strangers would stand beside our own pages."""
    origin = urlsplit(settings.MEDIA_ORIGIN)
    signing_in = urlsplit(f"//{settings.WALLET_SIGN_IN_DOMAIN}").hostname
    if origin.scheme != "https":
        yield Error("MEDIA_ORIGIN must be set in production, and be https", id="gigstream.E088")
    elif validate_host(origin.hostname or "", [*settings.OWN_HOSTS, signing_in or ""]):
        yield Error(
            f"MEDIA_ORIGIN must be a host of its own in production, not ours: {origin.hostname}",
            hint="best on another domain: a subdomain may set cookies for the domain above it",
            id="gigstream.E089",
        )


def _open_connections() -> Iterator[CheckMessage]:
    """Yield the connections that leave this machine without encryption or without a password."""
    node = urlsplit(settings.CHAIN_RPC_URL)
    if node.scheme == "http" and not _is_local(node.hostname):
        yield Error(
            "CHAIN_RPC_URL must be https in production: a forged answer can create deposits",
            id="gigstream.E063",
        )
    database = settings.DATABASES["default"]
    encrypted = database["OPTIONS"].get("sslmode") in ("require", "verify-ca", "verify-full")
    if not encrypted and not _is_local(database["HOST"]):
        yield Warning(
            "the database is reached without TLS",
            hint="DATABASE_URL=postgresql://…?sslmode=verify-full",
            id="gigstream.W060",
        )
    redis = {settings.CELERY_BROKER_URL, str(settings.CACHES["default"]["LOCATION"])}
    if any(not _is_closed_redis(url) for url in redis):
        yield Warning(
            "Redis is reached without TLS or without a password",
            hint="REDIS_URL=rediss://:password@host:6379/0?ssl_cert_reqs=required",
            id="gigstream.W061",
        )
    by_smtp = settings.EMAIL_BACKEND.endswith("smtp.EmailBackend") and not _is_local(settings.EMAIL_HOST)
    if by_smtp and not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL):
        yield Warning(
            "emails are sent without TLS, and they contain tokens",
            hint="EMAIL_URL=smtp+tls://user:password@host:587",
            id="gigstream.W062",
        )


def _is_closed_redis(url: str) -> bool:
    """Whether the URL names a server on this machine, or requires a password over TLS."""
    at = urlsplit(url)
    if at.scheme in ("unix", "redis+socket") or _is_local(at.hostname):
        return True
    return at.scheme == "rediss" and bool(at.password)


def _is_local(host: str | None) -> bool:
    """Whether the host is this machine: a socket's directory, or a loopback address."""
    return not host or host.startswith("/") or host in LOOPBACK
