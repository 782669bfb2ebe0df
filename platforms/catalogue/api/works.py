"""Works and collections over the API, for platforms."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import NothingForm
from gigstream.api.pagination import narrow_rows
from gigstream.api.views import RowCommand, json_response
from platforms import services
from platforms.catalogue.api.schemas import (
    COLLECTION_COLUMNS,
    WORK_COLUMNS,
    CollectionChangeForm,
    CollectionForm,
    CollectionQuery,
    CollectionRow,
    DeletedCollection,
    MoveForm,
    WholeCollection,
    WorkChangeForm,
    WorkForm,
    WorkPriceForm,
    WorkQuery,
    WorkRateForm,
    WorkRow,
    collection_as_json,
    with_places,
    work_as_json,
    work_plan,
)
from platforms.models import Collection, Work
from platforms.platforms.views import PlatformView


class WorkView(PlatformView):
    """Base view of a platform's own works."""

    resource = "catalogue"

    def own(self) -> QuerySet[Work]:
        return Work.objects.filter(platform=self.platform)


class Works(WorkView):
    """`works`."""

    query = WorkQuery
    endpoints = {
        "GET": Endpoint("list_works", WorkRow, listed=True),
        "POST": Endpoint("publish_work", WorkRow, takes=WorkForm, status=201),
    }

    def get(self, request: Request) -> HttpResponse:
        """List the platform's works, newest first."""
        rows = narrow_rows(self.own(), self.read_query(request))
        return self.paged(request, rows.values(*WORK_COLUMNS))

    def post(self, request: Request) -> HttpResponse:
        """Publish a work of a creator."""
        given = self.read(request)
        plan, creator_id = work_plan(given), given["creator_id"]

        def act() -> tuple[int, Any]:
            work = services.publish_work(platform_id=self.platform.pk, creator_id=creator_id, plan=plan)
            return 201, work_as_json(work)

        return self.perform(request, act)


class OneWork(WorkView):
    """`works/{id}`."""

    endpoints = {
        "GET": Endpoint("get_work", WorkRow),
        "PATCH": Endpoint("change_work", WorkRow, takes=WorkChangeForm),
    }

    def get(self, request: Request, work_id: UUID) -> HttpResponse:
        """Return a work of the platform."""
        return json_response(200, work_as_json(self.own_one(pk=work_id)))

    def patch(self, request: Request, work_id: UUID) -> HttpResponse:
        """Change the title, the content or the metadata of a work."""
        changes = self.read(request)
        work = self.own_one(pk=work_id)

        def act() -> tuple[int, Any]:
            return 200, work_as_json(services.change_work(work_id=work.pk, changes=changes))

        return self.perform(request, act)


class WorkCommand(WorkView, RowCommand):
    """Base view of `works/{id}/…`: a command on a work, answered with the work as it is then."""

    moves_money = False
    row_id = "work_id"
    as_json = staticmethod(work_as_json)


class SetPrice(WorkCommand):
    """Set the price of the work, from now on."""

    endpoints = {"POST": Endpoint("set_work_price", WorkRow, takes=WorkPriceForm)}
    service = staticmethod(services.set_work_price)


class SetRate(WorkCommand):
    """Set what a play of the work pays, from the next UTC day on."""

    endpoints = {"POST": Endpoint("set_work_rate", WorkRow, takes=WorkRateForm)}
    service = staticmethod(services.set_work_rate)


class Move(WorkCommand):
    """Move the work to another of your creators. Use counts for that creator from now on."""

    endpoints = {"POST": Endpoint("move_work", WorkRow, takes=MoveForm)}
    service = staticmethod(services.move_work)


class Withdraw(WorkCommand):
    """Withdraw the work for good. What it was used for stays counted."""

    endpoints = {"POST": Endpoint("withdraw_work", WorkRow, takes=NothingForm)}
    service = staticmethod(services.withdraw_work)


class CollectionView(PlatformView):
    """Base view of a platform's own collections."""

    resource = "catalogue"

    def own(self) -> QuerySet[Collection]:
        return Collection.objects.filter(platform=self.platform)


class Collections(CollectionView):
    """`collections`."""

    query = CollectionQuery
    endpoints = {
        "GET": Endpoint("list_collections", CollectionRow, listed=True),
        "POST": Endpoint("create_collection", WholeCollection, takes=CollectionForm, status=201),
    }

    def get(self, request: Request) -> HttpResponse:
        """List the platform's collections, newest first."""
        rows = narrow_rows(self.own(), self.read_query(request))
        return self.paged(request, rows.values(*COLLECTION_COLUMNS))

    def post(self, request: Request) -> HttpResponse:
        """Make a collection of a creator or a listener."""
        given = with_places(self.read(request))

        def act() -> tuple[int, Any]:
            made = services.create_collection(platform_id=self.platform.pk, **given)
            return 201, collection_as_json(made)

        return self.perform(request, act)


class OneCollection(CollectionView):
    """`collections/{id}`."""

    endpoints = {
        "GET": Endpoint("get_collection", WholeCollection),
        "PATCH": Endpoint("change_collection", WholeCollection, takes=CollectionChangeForm),
    }

    def get(self, request: Request, collection_id: UUID) -> HttpResponse:
        """Return a collection with its works in their order."""
        return json_response(200, collection_as_json(self.own_one(pk=collection_id)))

    def patch(self, request: Request, collection_id: UUID) -> HttpResponse:
        """Change the title, or put other works in the place of those in it."""
        given = with_places(self.read(request))
        collection = self.own_one(pk=collection_id)

        def act() -> tuple[int, Any]:
            changed = services.change_collection(collection_id=collection.pk, **given)
            return 200, collection_as_json(changed)

        return self.perform(request, act)


class DeleteCollection(CollectionView):
    """`collections/{id}/delete`."""

    endpoints = {"POST": Endpoint("delete_collection", DeletedCollection, takes=NothingForm)}

    def post(self, request: Request, collection_id: UUID) -> HttpResponse:
        """Delete a collection. Its works stay."""
        self.read(request)
        collection = self.own_one(pk=collection_id)

        def act() -> tuple[int, Any]:
            services.delete_collection(collection_id=collection.pk)
            return 200, {"id": collection_id}

        return self.perform(request, act)
