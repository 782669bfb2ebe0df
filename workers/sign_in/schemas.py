"""Forms of sign-in, and the JSON of tokens."""

from typing import Any

from rest_framework import serializers

from gigstream.api.fields import (
    Email,
    Id,
    Instant,
    Name,
    StrictSerializer,
    Text,
    Whole,
    YesNo,
)
from gigstream.sign_in.browsers import LONGEST, SHORTEST
from workers.services import SignedIn
from workers.sign_in.tokens import LIFE
from workers.wallets.schemas import ProofForm

LONGEST_PASSWORD = 256


class Tokens(serializers.Serializer):
    """Tokens of a session, as OAuth 2 names them (RFC 6749, section 5.1)."""

    worker_id = Id()
    token_type = Text()
    access_token = Text()
    expires_in = Whole(help_text="seconds")
    refresh_token = Text(help_text="good once; each refresh gives the next token")
    refresh_expires_at = Instant()


class SignedOut(serializers.Serializer):
    """A session that has ended."""

    signed_in = YesNo()


class Acknowledgement(serializers.Serializer):
    """An acknowledgement in words."""

    detail = Text()


def tokens_as_json(signed_in: SignedIn) -> dict[str, Any]:
    """Return the tokens as OAuth 2 names them (RFC 6749, section 5.1)."""
    return {
        "worker_id": signed_in.worker_id,
        "token_type": "Bearer",
        "access_token": signed_in.access_token,
        "expires_in": int(LIFE.total_seconds()),
        "refresh_token": signed_in.refresh_token,
        "refresh_expires_at": signed_in.refresh_expires_at,
    }


class DeviceField(Text):
    """The random id of the app's installation; a browser has a cookie of ours."""

    def __init__(self, **kwargs: Any) -> None:
        words = "a random id that your app makes once and keeps; a browser has our cookie instead"
        bounds = {"min_length": SHORTEST, "max_length": LONGEST}
        super().__init__(**{"required": False, "help_text": words, **bounds, **kwargs})


class PasswordForm(StrictSerializer):
    email = Email()
    password = Text(max_length=LONGEST_PASSWORD)
    device_id = DeviceField()


class RegisterForm(StrictSerializer):
    email = Email()
    password = Text(max_length=LONGEST_PASSWORD)
    full_name = Name(max_length=120)


class ConfirmationForm(StrictSerializer):
    token = Text(max_length=200, help_text="from the letter")
    device_id = DeviceField()


class RefreshForm(StrictSerializer):
    refresh_token = Text(max_length=200)


class RenewalForm(RefreshForm):
    """A refresh token, for a new one."""

    device_id = DeviceField()


class WalletProofForm(ProofForm):
    """The signature of an account that signs a worker in."""

    device_id = DeviceField()


class ResetRequestForm(StrictSerializer):
    email = Email()


class ResetForm(StrictSerializer):
    token = Text(max_length=200)
    password = Text(max_length=LONGEST_PASSWORD)
