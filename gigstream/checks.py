"""System checks: a wrong setting is told at start, with its number, and not at the first payment."""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from gigstream.lib.money import MICRO
from gigstream.settings import DEVELOPMENT_FIELD_KEY, DEVELOPMENT_KEY

SHORTEST_TOKEN = 20
_DOMAIN = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?", re.ASCII)


@register
def check_rules(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The tunable rules have values that the rules can work with."""
    return list(_rules())


def _rules() -> Iterator[CheckMessage]:
    if not _is_amount(settings.PAYOUT_MINIMUM):
        yield Error("PAYOUT_MINIMUM must be an amount above 0 with at most 6 decimals", id="gigstream.E001")
    for number, name in enumerate(
        (
            "STREAM_MIN_INTERVAL_SECONDS",
            "STREAM_MAX_DURATION_DAYS",
            "RELEASE_BATCH_SIZE",
            "PAYOUT_MAX_AGE_SECONDS",
            "PAYOUT_BATCH_SIZE",
            "SETTLEMENT_CONFIRMATIONS",
            "SANDBOX_BLOCK_SECONDS",
            "LOAN_TERM_DAYS",
            "LOAN_DEFAULT_AFTER_DAYS",
        ),
        start=2,
    ):
        if getattr(settings, name) < 1:
            yield Error(f"{name} must be at least 1", id=f"gigstream.E{number:03}")
    if not 1 <= settings.RELEASE_LANES <= 16:
        yield Error("RELEASE_LANES must be from 1 to 16, the number of shards", id="gigstream.E011")
    if not settings.FIELD_ENCRYPTION_KEYS or not all(map(_is_key, settings.FIELD_ENCRYPTION_KEYS)):
        yield Error(
            "FIELD_ENCRYPTION_KEYS must be Fernet keys (32 bytes, url-safe base64)", id="gigstream.E012"
        )
    if not _is_amount(settings.BALANCE_LOW_THRESHOLD, lowest=Decimal(0)):
        yield Error(
            "BALANCE_LOW_THRESHOLD must be an amount of 0 or more with at most 6 decimals",
            id="gigstream.E013",
        )
    if not 1 <= settings.WEBHOOK_CONCURRENCY <= 64:
        yield Error("WEBHOOK_CONCURRENCY must be from 1 to 64 threads", id="gigstream.E014")
    if settings.SIGN_IN_FAILURES_PER_ADDRESS < 5:
        yield Error(
            "SIGN_IN_FAILURES_PER_ADDRESS must be at least 5, the tries of one account", id="gigstream.E015"
        )
    if settings.TRUSTED_PROXIES < 0:
        yield Error("TRUSTED_PROXIES must be at least 0", id="gigstream.E019")
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < SHORTEST_TOKEN:
        yield Error(f"METRICS_TOKEN must have {SHORTEST_TOKEN} characters or more", id="gigstream.E030")
    if settings.CHAIN_ID < 1:
        yield Error("CHAIN_ID must be at least 1", id="gigstream.E016")
    if not _DOMAIN.fullmatch(settings.WALLET_SIGN_IN_DOMAIN):
        yield Error("WALLET_SIGN_IN_DOMAIN must be a host, with a port if need be", id="gigstream.E017")
    for name in ("PASSWORD_RESET_URL", "INVITATION_URL"):
        if not re.match("https?://|$", getattr(settings, name)):
            yield Error(f"{name} must be the address of a page", id="gigstream.E018")


def _is_amount(text: str, *, lowest: Decimal = MICRO) -> bool:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return False
    return value.is_finite() and value >= lowest and value == value.quantize(MICRO)


def _is_key(text: str) -> bool:
    try:
        Fernet(text)
    except ValueError:
        return False
    return True


@register
def check_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Production refuses to start on anything that is only for development."""
    return list(_production()) if settings.PRODUCTION else []


def _production() -> Iterator[CheckMessage]:
    if DEVELOPMENT_KEY == settings.SECRET_KEY:
        yield Error("SECRET_KEY must be set in production", id="gigstream.E020")
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
    if not settings.EMAIL_URL_GIVEN:
        yield Error("EMAIL_URL must be set in production", id="gigstream.E026")
    if settings.WALLET_SIGN_IN_DOMAIN.startswith(("127.", "localhost")):
        yield Error("WALLET_SIGN_IN_DOMAIN must be set in production", id="gigstream.E027")
