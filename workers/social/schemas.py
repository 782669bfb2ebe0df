"""Forms and rows of social accounts over the API."""

from typing import Any

from rest_framework import serializers

from gigstream.api.fields import Id, Instant, StrictSerializer, Text
from workers.models import SocialAccount
from workers.social.models import LONGEST_NETWORK
from workers.social.networks import all_networks


class SocialAccountRow(serializers.Serializer):
    """An account of a social network that the worker has proved."""

    id = Id()
    network = Text()
    username = Text(help_text="when it was verified")
    verified_at = Instant()


class SocialNetworkRow(serializers.Serializer):
    """A social network whose accounts can be linked."""

    name = Text()
    title = Text()


class MySocialAccounts(serializers.Serializer):
    """The worker's linked accounts, and the networks whose accounts can be linked."""

    items = SocialAccountRow(many=True)
    networks = SocialNetworkRow(many=True)


class StartedAuthorizationRow(serializers.Serializer):
    """An authorization that the worker has begun."""

    authorization_url = Text(
        required=False, help_text="page of the network where you consent; in the first response only"
    )
    state = Text(required=False, help_text="comes back from there: compare it; in the first response only")
    expires_at = Instant()


class SocialNetworkForm(StrictSerializer):
    network = Text(max_length=LONGEST_NETWORK, help_text="name of one of `networks`")


class VisibleText(Text):
    """Visible ASCII characters, as a code has (RFC 6749, appendix A)."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not text.isascii() or not text.isprintable() or " " in text:
            raise serializers.ValidationError("must be visible ASCII characters", code="invalid")
        return text


class AuthorizationForm(StrictSerializer):
    state = Text(max_length=200, help_text="as the network has sent it back")
    code = VisibleText(max_length=1000, help_text="as the network has sent it back")


def social_account_as_json(account: SocialAccount) -> dict[str, Any]:
    return {name: getattr(account, name) for name in ("id", "network", "username", "verified_at")}


def social_accounts_as_json(accounts: list[SocialAccount]) -> dict[str, Any]:
    networks = sorted(all_networks().values(), key=lambda network: network.title)
    return {
        "items": [social_account_as_json(account) for account in accounts],
        "networks": [{"name": network.name, "title": network.title} for network in networks],
    }
