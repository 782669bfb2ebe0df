"""API keys over the API: a key makes and renews keys that can do no more than itself."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from audit.database_identity.enums import DatabaseKind
from audit.database_identity.services import stored_identity
from gigstream.api.callers import Caller
from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import Choice, Instant, Name, NothingForm, StrictSerializer, Text, YesNo
from gigstream.api.schema.describing import describe_rows
from gigstream.core.clock import database_now
from platforms import services
from platforms.models import ApiKey
from platforms.platforms import scopes as api_scopes
from platforms.platforms.errors import InvalidExpiry, KeyKindMismatch, ScopeBeyondOwn
from platforms.platforms.views import PlatformView

KEY_COLUMNS = (
    "prefix",
    "created_at",
    "name",
    "is_live",
    "scopes",
    "last_used_at",
    "expires_at",
    "revoked_at",
)
_SCOPES = serializers.ListField(child=Choice(choices=api_scopes.scope_names()), help_text="the key's scopes")

KeyRow = describe_rows("KeyRow", ApiKey, KEY_COLUMNS, scopes=_SCOPES)
NewKey = describe_rows(
    "NewKey",
    ApiKey,
    KEY_COLUMNS,
    scopes=_SCOPES,
    secret=Text(required=False, help_text="the key itself; in the first answer only, and kept nowhere"),
)


class KeyForm(StrictSerializer):
    """A new key."""

    name = Name(max_length=60, required=False, allow_blank=True)
    is_live = YesNo(required=False, help_text="the kind of this database, test or live, which is the default")
    scopes = serializers.ListField(
        child=Choice(choices=api_scopes.scope_names()),
        required=False,
        min_length=1,
        max_length=len(api_scopes.scope_names()),
        help_text="by default all that the calling key has, but `withdrawals:write`, which has to be named",
    )
    expires_at = Instant(required=False)


def key_as_json(key: ApiKey) -> dict[str, Any]:
    """Return the key without its secret, which is not stored."""
    return {name: getattr(key, name) for name in KEY_COLUMNS}


class KeyView(PlatformView):
    """Base view of a platform's own keys."""

    resource = "keys"

    def own(self) -> QuerySet[ApiKey]:
        return ApiKey.objects.filter(platform=self.platform)

    def require_own_scopes(self, scopes: Collection[str]) -> None:
        """Raise ScopeBeyondOwn unless the calling key has all of these scopes itself."""
        caller: Any = self.request.auth
        beyond = sorted(scope for scope in scopes if not caller.may(scope))
        if beyond:
            raise ScopeBeyondOwn(f"this key does not have {', '.join(beyond)}", scopes=",".join(beyond))

    def answer_new(self, request: Request, make: Any) -> HttpResponse:
        """Make a key and show its text this once."""
        visible_once: dict[str, str] = {}

        def act() -> tuple[int, Any]:
            key, visible_once["secret"] = make()
            return 201, key_as_json(key)

        return self.perform(request, act, visible_once=visible_once)


class Keys(KeyView):
    """`keys`."""

    endpoints = {
        "GET": Endpoint("list_keys", KeyRow, listed=True),
        "POST": Endpoint("create_key", NewKey, takes=KeyForm, status=201),
    }

    def get(self, request: Request) -> HttpResponse:
        """List the platform's keys, without their secrets, newest first."""
        return self.paged(request, self.own().values("id", *KEY_COLUMNS), show=_without_id)

    def post(self, request: Request) -> HttpResponse:
        """Make a key. Its secret is in this answer only."""
        given = self.read(request)
        _require_own_kind(given.pop("is_live", None))
        caller: Any = request.auth
        scopes = sorted(set(given.pop("scopes", _scopes_passed_on(caller))))
        self.require_own_scopes(scopes)
        _require_future(given.get("expires_at"))
        return self.answer_new(
            request, lambda: services.create_api_key(platform_id=self.platform.pk, scopes=scopes, **given)
        )


def _scopes_passed_on(caller: Caller) -> list[str]:
    """Return the calling key's scopes without those that must be named."""
    return [scope for scope in caller.scopes or () if not api_scopes.is_named_only(scope)]


def _require_own_kind(is_live: bool | None) -> None:
    kind = stored_identity().kind
    if is_live is not None and is_live != (kind == DatabaseKind.LIVE):
        wanted = DatabaseKind.LIVE if is_live else DatabaseKind.TEST
        raise KeyKindMismatch(f"this is a {kind} database: it has no {wanted} keys", database=kind)


def _require_future(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= database_now():
        raise InvalidExpiry(f"the key would end at {expires_at.isoformat()}, which is past")


def _without_id(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in KEY_COLUMNS}


class Revoke(KeyView):
    """`keys/{prefix}/revoke`."""

    endpoints = {"POST": Endpoint("revoke_key", KeyRow, takes=NothingForm)}

    def post(self, request: Request, prefix: str) -> HttpResponse:
        """Revoke a key. A key revokes only keys that can do no more than itself."""
        self.read(request)
        key = self.own_one(prefix=prefix)
        self.require_own_scopes(key.scopes)
        return self.perform(request, lambda: (200, key_as_json(services.revoke_api_key(key_id=key.pk))))


class Rotate(KeyView):
    """`keys/{prefix}/rotate`."""

    endpoints = {"POST": Endpoint("rotate_key", NewKey, takes=NothingForm, status=201)}

    def post(self, request: Request, prefix: str) -> HttpResponse:
        """Make a new key with the same scopes; the old key works for 24 hours more."""
        self.read(request)
        key = self.own_one(prefix=prefix)
        self.require_own_scopes(key.scopes)
        return self.answer_new(request, lambda: services.rotate_api_key(key_id=key.pk))
