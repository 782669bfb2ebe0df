"""Creators and their followers over the API, for platforms."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import NothingForm
from gigstream.api.pagination import narrow_rows
from gigstream.api.views import RowCommand, json_response
from gigstream.core.encryption import plain_text
from platforms import services
from platforms.catalogue.api.schemas import (
    CREATOR_COLUMNS,
    FOLLOW_COLUMNS,
    CloseForm,
    CreatorChangeForm,
    CreatorForm,
    CreatorQuery,
    CreatorRow,
    ErasureForm,
    ErasureRow,
    FollowForm,
    FollowRow,
    WholeCreator,
    creator_as_json,
    erasure_as_json,
    follow_as_json,
)
from platforms.models import CreatorProfile, Follow
from platforms.platforms.views import PlatformView

NEWEST_FOLLOWS = ("-since", "-id")


class CreatorView(PlatformView):
    """Base view of a platform's own creators."""

    resource = "catalogue"

    def own(self) -> QuerySet[CreatorProfile]:
        return CreatorProfile.objects.filter(platform=self.platform)


class Creators(CreatorView):
    """`creators`."""

    query = CreatorQuery
    endpoints = {
        "GET": Endpoint("list_creators", CreatorRow, listed=True),
        "POST": Endpoint("create_creator", WholeCreator, takes=CreatorForm, status=201),
    }

    def get(self, request: Request) -> HttpResponse:
        """List the platform's creators, newest first."""
        rows = narrow_rows(self.own(), self.read_query(request))
        return self.paged(request, rows.values(*CREATOR_COLUMNS), show=_with_address)

    def post(self, request: Request) -> HttpResponse:
        """Make a profile of a worker who has agreed to work for you. Verify it once you know who it is."""
        given = self.read(request)

        def act() -> tuple[int, Any]:
            creator = services.create_creator(platform_id=self.platform.pk, **given)
            return 201, creator_as_json(creator)

        return self.perform(request, act)


def _with_address(row: dict[str, Any]) -> dict[str, Any]:
    address = plain_text(CreatorProfile, "metrics_address", pk=row["id"], value=row["metrics_address"])
    return {**row, "metrics_address": address}


class OneCreator(CreatorView):
    """`creators/{id}`."""

    endpoints = {
        "GET": Endpoint("get_creator", WholeCreator),
        "PATCH": Endpoint("change_creator", WholeCreator, takes=CreatorChangeForm),
    }

    def get(self, request: Request, creator_id: UUID) -> HttpResponse:
        """Return a creator, with the numbers of works and followers."""
        return json_response(200, creator_as_json(self.own_one(pk=creator_id)))

    def patch(self, request: Request, creator_id: UUID) -> HttpResponse:
        """Change the name or an address of a creator."""
        changes = self.read(request)
        creator = self.own_one(pk=creator_id)

        def act() -> tuple[int, Any]:
            changed = services.change_creator(creator_id=creator.pk, changes=changes)
            return 200, creator_as_json(changed)

        return self.perform(request, act)


class CreatorCommand(CreatorView, RowCommand):
    """Base view of `creators/{id}/…`: a command on a creator, answered with the creator as it is then."""

    moves_money = False
    row_id = "creator_id"
    as_json = staticmethod(creator_as_json)


class Verify(CreatorCommand):
    """Verify the creator: you vouch for who it is."""

    endpoints = {"POST": Endpoint("verify_creator", WholeCreator, takes=NothingForm)}
    service = staticmethod(services.verify_creator)


class Close(CreatorCommand):
    """Close the creator for good. Its works are withdrawn; what they were used for stays counted."""

    endpoints = {"POST": Endpoint("close_creator", WholeCreator, takes=CloseForm)}
    service = staticmethod(services.close_creator)


class CreatorFollows(CreatorView):
    """`creators/{id}/follows`."""

    endpoints = {"GET": Endpoint("list_follows", FollowRow, listed=True)}

    def get(self, request: Request, creator_id: UUID) -> HttpResponse:
        """List the follows of a creator, newest first. Nobody is named: your ids are not kept."""
        rows = Follow.objects.filter(creator=self.own_one(pk=creator_id))
        return self.paged(request, rows.values("id", *FOLLOW_COLUMNS), show=_without_id, order=NEWEST_FOLLOWS)


def _without_id(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in FOLLOW_COLUMNS}


class Follows(PlatformView):
    """`follows`."""

    resource = "catalogue"
    endpoints = {"POST": Endpoint("follow_creator", FollowRow, takes=FollowForm, status=201)}

    def post(self, request: Request) -> HttpResponse:
        """Let a listener follow a creator."""
        given = self.read(request)
        return self.perform(
            request,
            lambda: (201, follow_as_json(services.follow_creator(platform_id=self.platform.pk, **given))),
        )


class EndFollow(PlatformView):
    """`follows/end`."""

    resource = "catalogue"
    endpoints = {"POST": Endpoint("unfollow_creator", FollowRow, takes=FollowForm)}

    def post(self, request: Request) -> HttpResponse:
        """Let a listener stop following a creator."""
        given = self.read(request)
        return self.perform(
            request,
            lambda: (200, follow_as_json(services.unfollow_creator(platform_id=self.platform.pk, **given))),
        )


class EraseListener(PlatformView):
    """`listeners/erase`."""

    resource = "catalogue"
    endpoints = {"POST": Endpoint("erase_listener", ErasureRow, takes=ErasureForm)}

    def post(self, request: Request) -> HttpResponse:
        """Erase a listener: nobody can tell any more who it was. Follows end, the listener's collections are
        deleted; plays and pay stay as they are."""
        given = self.read(request)
        return self.perform(
            request,
            lambda: (200, erasure_as_json(services.erase_listener(platform_id=self.platform.pk, **given))),
        )
