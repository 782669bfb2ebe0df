"""A platform's API keys over the API: a key makes and renews keys that can do no more than it can."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from audit.database_identity import stored_identity
from audit.enums import DatabaseKind
from gigstream.lib.api.describing import described
from gigstream.lib.api.doors import Door
from gigstream.lib.api.fields import Choice, Instant, Name, NothingForm, StrictSerializer, Text, YesNo
from gigstream.lib.clock import database_now
from platforms import services
from platforms.enums import NAMED_SCOPES, ApiScope
from platforms.errors import InvalidExpiry, KeyKindMismatch, ScopeBeyondOwn
from platforms.http import PlatformView
from platforms.models import ApiKey

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
_SCOPES = serializers.ListField(child=Choice(choices=ApiScope.values), help_text="what the key is good for")

KeyRow = described("KeyRow", ApiKey, KEY_COLUMNS, scopes=_SCOPES)
NewKey = described(
    "NewKey",
    ApiKey,
    KEY_COLUMNS,
    scopes=_SCOPES,
    secret=Text(required=False, help_text="the key itself; in the first answer only, and kept nowhere"),
)


class KeyForm(StrictSerializer):
    """A new key."""

    name = Name(max_length=60, required=False, allow_blank=True)
    is_live = YesNo(required=False, help_text="by default, and at most, what this database is: test or live")
    scopes = serializers.ListField(
        child=Choice(choices=ApiScope.values),
        required=False,
        min_length=1,
        max_length=len(ApiScope.values),
        help_text="by default all that the calling key has, but `withdrawals:write`, which has to be named",
    )
    expires_at = Instant(required=False)


def shown(key: ApiKey) -> dict[str, Any]:
    """The key without its secret, which nobody has any more."""
    return {name: getattr(key, name) for name in KEY_COLUMNS}


class KeyView(PlatformView):
    """Whatever a platform does with its own keys."""

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
        """Make a key, and show its text this once."""
        shown_once: dict[str, str] = {}

        def act() -> tuple[int, Any]:
            key, shown_once["secret"] = make()
            return 201, shown(key)

        return self.perform(request, act, shown_once=shown_once)


class Keys(KeyView):
    """`keys`."""

    doors = {
        "GET": Door("list_keys", KeyRow, listed=True),
        "POST": Door("create_key", NewKey, takes=KeyForm, status=201),
    }

    def get(self, request: Request) -> HttpResponse:
        """The platform's keys, without their secrets, newest first."""
        return self.paged(request, self.own().values("id", *KEY_COLUMNS), show=_without_id)

    def post(self, request: Request) -> HttpResponse:
        """Make a key. Its secret is in this answer only."""
        given = self.read(request)
        _require_own_kind(given.pop("is_live", None))
        caller: Any = request.auth
        scopes = sorted(set(given.pop("scopes", set(caller.scopes) - NAMED_SCOPES)))
        self.require_own_scopes(scopes)
        _require_future(given.get("expires_at"))
        return self.answer_new(
            request, lambda: services.create_api_key(platform_id=self.platform.pk, scopes=scopes, **given)
        )


def _require_own_kind(is_live: bool | None) -> None:
    kind = stored_identity().kind
    if is_live is not None and is_live != (kind == DatabaseKind.LIVE):
        asked = DatabaseKind.LIVE if is_live else DatabaseKind.TEST
        raise KeyKindMismatch(f"this is a {kind} database: it has no {asked} keys", database=kind)


def _require_future(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= database_now():
        raise InvalidExpiry(f"the key would end at {expires_at.isoformat()}, which is past")


def _without_id(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in KEY_COLUMNS}


class Revoke(KeyView):
    """`keys/{prefix}/revoke`."""

    doors = {"POST": Door("revoke_key", KeyRow, takes=NothingForm)}

    def post(self, request: Request, prefix: str) -> HttpResponse:
        """The key works no more. A key revokes only what can do no more than itself."""
        self.read(request)
        key = self.own_one(prefix=prefix)
        self.require_own_scopes(key.scopes)
        return self.perform(request, lambda: (200, shown(services.revoke_api_key(key_id=key.pk))))


class Rotate(KeyView):
    """`keys/{prefix}/rotate`."""

    doors = {"POST": Door("rotate_key", NewKey, takes=NothingForm, status=201)}

    def post(self, request: Request, prefix: str) -> HttpResponse:
        """A new key with the same scopes; the old one works for 24 hours more."""
        self.read(request)
        key = self.own_one(prefix=prefix)
        self.require_own_scopes(key.scopes)
        return self.answer_new(request, lambda: services.rotate_api_key(key_id=key.pk))
