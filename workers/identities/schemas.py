"""Forms and rows of identities over the API."""

from typing import Any

from rest_framework import serializers

from gigstream.api.fields import Id, Instant, Text
from workers.models import ChainIdentity
from workers.wallets.chains import supported_chains


class Identity(serializers.Serializer):
    """An account of a chain that signs the worker in."""

    id = Id()
    chain = Text(help_text="CAIP-2 id")
    address = Text()
    account_id = Text(help_text="CAIP-10 id")
    created_at = Instant()
    last_login_at = Instant(allow_null=True)


class MyIdentities(serializers.Serializer):
    """The worker's identities, and the chains whose accounts can become one."""

    items = Identity(many=True)
    chains = serializers.ListField(child=Text(), help_text="CAIP-2 ids")


def identity_as_json(identity: ChainIdentity) -> dict[str, Any]:
    columns = ("id", "chain", "address", "account_id", "created_at", "last_login_at")
    return {name: getattr(identity, name) for name in columns}


def identities_as_json(identities: list[ChainIdentity]) -> dict[str, Any]:
    return {"items": [identity_as_json(identity) for identity in identities], "chains": supported_chains()}
