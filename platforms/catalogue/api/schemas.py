"""Forms of the catalogue, and its rows as JSON."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from gigstream.api.fields import (
    Amount,
    Choice,
    Day,
    Id,
    Instant,
    JSONObject,
    Name,
    StrictSerializer,
    Text,
    WalletAddress,
    Whole,
)
from gigstream.api.schema.describing import describe_rows
from platforms.catalogue.calculations import LONGEST_LISTENER
from platforms.catalogue.enums import CreatorStatus, WorkKind
from platforms.models import Collection, CollectionWork, CreatorProfile, Follow, Work
from platforms.services import Erasure, Place, WorkPlan

MOST_WORKS = 500
CREATOR_COLUMNS = (
    "id",
    "reference",
    "created_at",
    "updated_at",
    "worker_id",
    "status",
    "display_name",
    "token_address",
    "metrics_address",
    "verified_at",
    "closed_at",
)
WORK_COLUMNS = (
    "id",
    "created_at",
    "updated_at",
    "creator_id",
    "external_id",
    "title",
    "kind",
    "content_id",
    "price",
    "rate",
    "published_on",
    "withdrawn_at",
    "metadata",
)
COLLECTION_COLUMNS = ("id", "created_at", "updated_at", "creator_id", "title")
PLACE_COLUMNS = ("work_id", "position")
FOLLOW_COLUMNS = ("creator_id", "since", "until")

CreatorRow = describe_rows("CreatorRow", CreatorProfile, CREATOR_COLUMNS)
WholeCreator = describe_rows(
    "WholeCreator",
    CreatorProfile,
    CREATOR_COLUMNS,
    works=Whole(help_text="works that were not withdrawn"),
    followers=Whole(help_text="listeners who follow the creator now"),
)
WorkRow = describe_rows("WorkRow", Work, WORK_COLUMNS)
PlaceRow = describe_rows("PlaceRow", CollectionWork, PLACE_COLUMNS)
_OWNER_HELP = "empty where a listener owns the collection"
CollectionRow = describe_rows(
    "CollectionRow",
    Collection,
    COLLECTION_COLUMNS,
    creator_id=Id(allow_null=True, help_text=_OWNER_HELP),
)
WholeCollection = describe_rows(
    "WholeCollection",
    Collection,
    COLLECTION_COLUMNS,
    creator_id=Id(allow_null=True, help_text=_OWNER_HELP),
    works=PlaceRow(many=True),
)
FollowRow = describe_rows("FollowRow", Follow, FOLLOW_COLUMNS)


def creator_as_json(creator: CreatorProfile) -> dict[str, Any]:
    """Return the creator as its platform sees it."""
    return {
        **{name: getattr(creator, name) for name in CREATOR_COLUMNS},
        "works": creator.works.open().count(),
        "followers": creator.follows.open().count(),
    }


def work_as_json(work: Work) -> dict[str, Any]:
    """Return the work as its platform sees it."""
    return {name: getattr(work, name) for name in WORK_COLUMNS}


def collection_as_json(collection: Collection) -> dict[str, Any]:
    """Return the collection with its works in their order."""
    works = collection.places.order_by("position").values(*PLACE_COLUMNS)
    return {**{name: getattr(collection, name) for name in COLLECTION_COLUMNS}, "works": list(works)}


def follow_as_json(follow: Follow) -> dict[str, Any]:
    """Return the follow without its listener."""
    return {name: getattr(follow, name) for name in FOLLOW_COLUMNS}


class ListenerId(Text):
    """The platform's own id of a person who uses its works. Only a keyed digest of it is kept."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": LONGEST_LISTENER, **kwargs})


class CreatorForm(StrictSerializer):
    """A profile of a worker who has agreed to work for you."""

    worker_id = Id()
    display_name = Name(max_length=120)
    token_address = WalletAddress(required=False, help_text="contract of the creator's token")
    metrics_address = WalletAddress(required=False, help_text="address to which metrics are written")


class CreatorChangeForm(StrictSerializer):
    """Changes of a creator; an empty address takes it away."""

    display_name = Name(max_length=120, required=False)
    token_address = WalletAddress(required=False, allow_blank=True)
    metrics_address = WalletAddress(required=False, allow_blank=True)


class CloseForm(StrictSerializer):
    reason = Text(max_length=500, required=False, allow_blank=True)


class CreatorQuery(StrictSerializer):
    """Filters of a list of creators."""

    status = Choice(choices=CreatorStatus.values, required=False)
    worker_id = Id(required=False)
    created_from = Instant(required=False)
    created_to = Instant(required=False)


class WorkForm(StrictSerializer):
    """A work to be published."""

    creator_id = Id()
    external_id = Text(max_length=120, help_text="your own id; unique for you")
    title = Name(max_length=200)
    kind = Choice(choices=WorkKind.values)
    content_id = Text(max_length=200, required=False, allow_blank=True, help_text="as a CID")
    price = Amount(required=False, allow_null=True, help_text="without one the work is free")
    rate = Amount(required=False, allow_null=True, help_text="USDC per play, from today on")
    published_on = Day(required=False, help_text="today unless it was before")
    metadata = JSONObject(required=False)


class WorkChangeForm(StrictSerializer):
    """Changes of a work."""

    title = Name(max_length=200, required=False)
    content_id = Text(max_length=200, required=False, allow_blank=True)
    metadata = JSONObject(required=False)


class WorkPriceForm(StrictSerializer):
    price = Amount(allow_null=True, help_text="null: the work is free")


class WorkRateForm(StrictSerializer):
    rate = Amount(
        allow_null=True, help_text="USDC per play from the next UTC day on; null: plays are not paid"
    )


class MoveForm(StrictSerializer):
    creator_id = Id(help_text="the creator for whom use counts from now on")


class WorkQuery(StrictSerializer):
    """Filters of a list of works."""

    creator_id = Id(required=False)
    kind = Choice(choices=WorkKind.values, required=False)
    external_id = Text(max_length=120, required=False)
    created_from = Instant(required=False)
    created_to = Instant(required=False)


class PlaceForm(StrictSerializer):
    """A work at its position."""

    work_id = Id()
    position = Whole(min_value=1, max_value=MOST_WORKS)


class CollectionForm(StrictSerializer):
    """A collection, either of a creator or of a listener."""

    title = Name(max_length=200)
    creator_id = Id(required=False)
    listener = ListenerId(required=False)
    works = serializers.ListField(child=PlaceForm(), required=False, max_length=MOST_WORKS)


class CollectionChangeForm(StrictSerializer):
    """Changes of a collection; `works` takes the place of all works in it."""

    title = Name(max_length=200, required=False)
    works = serializers.ListField(child=PlaceForm(), required=False, max_length=MOST_WORKS)


class CollectionQuery(StrictSerializer):
    """Filters of a list of collections."""

    creator_id = Id(required=False)
    created_from = Instant(required=False)
    created_to = Instant(required=False)


class FollowForm(StrictSerializer):
    listener = ListenerId()
    creator_id = Id()


class ErasureForm(StrictSerializer):
    listener = ListenerId()


class ErasureRow(serializers.Serializer):
    """An erasure: the follows that it ended and the collections that it deleted."""

    erased_at = Instant()
    follows = Whole(help_text="follows that ended")
    collections = Whole(help_text="collections of the listener that were deleted")


class DeletedCollection(serializers.Serializer):
    """The collection that was deleted."""

    id = Id()


def erasure_as_json(erasure: Erasure) -> dict[str, Any]:
    """Return the erasure without whom it was about."""
    return {
        "erased_at": erasure.erased_at,
        "follows": erasure.follows,
        "collections": erasure.collections,
    }


def work_plan(given: Mapping[str, Any]) -> WorkPlan:
    """Return the plan in the validated data of a `WorkForm`."""
    return WorkPlan(**{name: value for name, value in given.items() if name != "creator_id"})


def with_places(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the validated data of a form of collections with its works as places."""
    works = given.get("works")
    return dict(given) if works is None else {**given, "works": [Place(**one) for one in works]}
