"""What people send to sign in, and how they and their tokens are shown."""

from typing import Any

from rest_framework import serializers

from gigstream.lib.api.describing import described
from gigstream.lib.api.fields import (
    Choice,
    Email,
    Id,
    Instant,
    Name,
    StrictSerializer,
    Text,
    WalletAddress,
    Whole,
    YesNo,
)
from gigstream.lib.places import COUNTRIES, time_zones
from workers import wallet_messages
from workers.models import WalletChange, WalletNonce, Worker
from workers.services import SignedIn
from workers.tokens import LIFE
from workers.wallet_messages import LONGEST

ME_COLUMNS = (
    "id",
    "created_at",
    "email",
    "full_name",
    "wallet_address",
    "country",
    "time_zone",
    "status",
    "reputation_score",
    "total_tasks",
    "total_earned",
    "completion_rate",
    "average_rating",
    "dispute_rate",
    "account_age_days",
    "last_login_at",
    "last_active_at",
)
LONGEST_PASSWORD = 256
MyAccount = described("MyAccount", Worker, ME_COLUMNS)


class Tokens(serializers.Serializer):
    """Signed in, as OAuth 2 names it (RFC 6749, section 5.1)."""

    worker_id = Id()
    token_type = Text()
    access_token = Text()
    expires_in = Whole(help_text="seconds")
    refresh_token = Text(help_text="good once; each refresh gives the next one")
    refresh_expires_at = Instant()


class SignedOut(serializers.Serializer):
    """There is no session."""

    signed_in = YesNo()


class Said(serializers.Serializer):
    """What happens now, in words."""

    detail = Text()


class Nonce(serializers.Serializer):
    """A message to be signed by the wallet."""

    nonce = Text(help_text="good once")
    expires_at = Instant()
    message = Text(help_text="an EIP-4361 message, ready to be signed")


def shown_me(worker: Worker) -> dict[str, Any]:
    """The worker as they see themselves."""
    rates = ("completion_rate", "average_rating", "dispute_rate")
    shown = {name: getattr(worker, name) for name in ME_COLUMNS}
    return {**shown, **{name: shown[name] if shown[name] is None else str(shown[name]) for name in rates}}


def shown_tokens(signed_in: SignedIn) -> dict[str, Any]:
    """As OAuth 2 names them (RFC 6749, section 5.1)."""
    return {
        "worker_id": signed_in.worker_id,
        "token_type": "Bearer",
        "access_token": signed_in.access_token,
        "expires_in": int(LIFE.total_seconds()),
        "refresh_token": signed_in.refresh_token,
        "refresh_expires_at": signed_in.refresh_expires_at,
    }


class PendingWallet(serializers.Serializer):
    """Where payouts are to go from some time on."""

    wallet_address = Text()
    effective_at = Instant(help_text="nothing is paid out until then")


class MyWallet(serializers.Serializer):
    """Where payouts go."""

    wallet_address = Text(allow_null=True)
    change = PendingWallet(allow_null=True)


def shown_wallet(worker: Worker, change: WalletChange | None) -> dict[str, Any]:
    """Where the worker is paid, and where next."""
    pending = change and {"wallet_address": change.wallet_address, "effective_at": change.effective_at}
    return {"wallet_address": worker.wallet_address, "change": pending}


def shown_nonce(nonce: WalletNonce, address: str, *, statement: str) -> dict[str, Any]:
    """The nonce in a message for the wallet at this address."""
    message = wallet_messages.message_for(
        address, nonce=nonce.nonce, now=nonce.created_at, expires_at=nonce.expires_at, statement=statement
    )
    return {"nonce": nonce.nonce, "expires_at": nonce.expires_at, "message": message}


class TimeZone(Text):
    """The name of a time zone of IANA."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 64, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        if name not in time_zones():
            raise serializers.ValidationError("must be a time zone of IANA, as Europe/Paris", code="invalid")
        return name


class ProfileForm(StrictSerializer):
    """What changes; all else stays."""

    full_name = Name(max_length=120, required=False)
    country = Choice(
        choices=sorted(COUNTRIES), required=False, help_text="where you live; changes once in 90 days"
    )
    time_zone = TimeZone(required=False, help_text="of IANA, as Europe/Paris")


class PasswordForm(StrictSerializer):
    email = Email()
    password = Text(max_length=LONGEST_PASSWORD)


class RegisterForm(StrictSerializer):
    email = Email()
    password = Text(max_length=LONGEST_PASSWORD)
    full_name = Name(max_length=120)


class ConfirmationForm(StrictSerializer):
    token = Text(max_length=200, help_text="from the letter")


class RefreshForm(StrictSerializer):
    refresh_token = Text(max_length=200)


class ResetRequestForm(StrictSerializer):
    email = Email()


class ResetForm(StrictSerializer):
    token = Text(max_length=200)
    password = Text(max_length=LONGEST_PASSWORD)


class NonceForm(StrictSerializer):
    wallet_address = WalletAddress()


class WalletForm(StrictSerializer):
    message = Text(max_length=LONGEST)
    signature = Text(max_length=132)
