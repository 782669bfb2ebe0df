"""Pages for staff: creators with their works, and of listeners only how many there are."""

from collections.abc import Sequence

from django.contrib import admin
from django.db.models import Count, Model, Q

from gigstream.adminkit import (
    Figure,
    Figures,
    NextStep,
    ReadOnlyAdmin,
    Table,
    by_email,
    by_number,
    by_uuid,
    link_to,
    list_url,
    name_rows_by,
    show_on,
    summarize,
)
from gigstream.adminkit.search import MOST_NAMED, by_parts, by_reference, found_first, in_full
from platforms.catalogue.enums import CreatorStatus
from platforms.figures.admin import PairAdmin
from platforms.models import (
    Collection,
    CollectionWork,
    CreatorProfile,
    Follow,
    Listener,
    ListenerKey,
    Platform,
    Work,
    WorkMove,
    WorkRate,
)
from platforms.platforms.admin.platforms import MOST_WITH_EXTERNAL_ID
from workers.models import Worker

MOST_COUNTED = 1_000


@in_full
def _by_external_id(model: type[Model], term: str) -> Q:
    """Return the works with this external id, found first: among other conditions no index would find
    them."""
    named = Work.objects.with_external_id(term).order_by().values_list("pk", flat=True)
    return Q(pk__in=list(named[:MOST_WITH_EXTERNAL_ID]))


@admin.register(CreatorProfile)
class CreatorProfileAdmin(PairAdmin):
    list_display = ("display_name", "status", "platform", "worker", "created_at", "verified_at", "closed_at")
    list_filter = ("status", "created_at")
    ordering = ("-created_at", "-id")
    sortable_by = ("created_at",)
    searches = (
        by_reference(),
        by_uuid("id", "platform_id", "worker_id"),
        by_email("worker__email"),
        by_parts("display_name"),
    )
    search_help_text = "reference, parts of the name, worker's email, or an id"
    fieldsets = (
        (
            None,
            {"fields": (("display_name", "status"), ("platform", "worker"), ("verified_at", "closed_at"))},
        ),
        (
            "Ids and technical data",
            {
                "fields": (("id", "number"), "token_address", ("created_at", "updated_at")),
                "classes": ("collapse",),
            },
        ),
    )


@admin.register(Work)
class WorkAdmin(ReadOnlyAdmin):
    list_display = (
        "title",
        "kind",
        "creator",
        "platform",
        "price",
        "rate",
        "published_on",
        "withdrawn_at",
        "created_at",
    )
    list_select_related = ("platform", "creator")
    list_filter = ("kind", ("withdrawn_at", admin.EmptyFieldListFilter), "created_at")
    belongs = ("platform", "creator")
    ordering = ("-created_at", "-id")
    sortable_by = ("created_at",)
    searches = (
        by_uuid("id", "platform_id", "creator_id"),
        _by_external_id,
        found_first(by_parts("title")),
    )
    search_help_text = f"parts of the title (newest {MOST_NAMED}), external id, or an id"


@admin.register(WorkRate)
class WorkRateAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "work", "rate", "valid_from")
    list_select_related = ("work",)
    belongs = ("work",)
    searches = (by_uuid("work_id"),)
    search_help_text = "id of a work"


@admin.register(WorkMove)
class WorkMoveAdmin(ReadOnlyAdmin):
    list_display = ("moved_at", "work", "from_creator", "to_creator")
    list_select_related = ("work", "from_creator", "to_creator")
    belongs = ("work", "from_creator", "to_creator")
    searches = (by_uuid("work_id", "from_creator_id", "to_creator_id"),)
    search_help_text = "id of a work or creator"


@admin.register(Collection)
class CollectionAdmin(ReadOnlyAdmin):
    list_display = ("title", "platform", "creator", "created_at", "updated_at")
    list_select_related = ("platform", "creator")
    belongs = ("platform", "creator")
    ordering = ("-created_at", "-id")
    empty_words = {"creator": "a listener"}
    searches = (by_uuid("id", "platform_id", "creator_id"),)
    search_help_text = "id of a collection, platform or creator"
    fieldsets = ((None, {"fields": ("title", "platform", "creator", "created_at", "updated_at", "id")}),)


@admin.register(CollectionWork)
class CollectionWorkAdmin(ReadOnlyAdmin):
    list_display = ("id", "collection", "position", "work")
    list_select_related = ("collection", "work")
    belongs = ("collection", "work")
    searches = (by_uuid("collection_id", "work_id"),)
    search_help_text = "id of a collection or work"


@admin.register(ListenerKey)
class ListenerKeyAdmin(ReadOnlyAdmin):
    list_display = ("id", "platform", "created_at", "retired_at", "destroyed_at")
    list_select_related = ("platform",)
    list_filter = (
        ("retired_at", admin.EmptyFieldListFilter),
        ("destroyed_at", admin.EmptyFieldListFilter),
    )
    belongs = ("platform",)
    searches = (by_number("id"), by_uuid("platform_id"))
    search_help_text = "number of a key, or id of a platform"


@admin.register(Listener)
class ListenerAdmin(ReadOnlyAdmin):
    """Numbers of listeners: who they are stands nowhere, and their digests are on no page."""

    list_display = ("id", "platform", "key", "last_seen_on")
    list_select_related = ("platform", "key")
    belongs = ("platform", "key")
    searches = (by_number("id"), by_uuid("platform_id"))
    search_help_text = "number of a listener, or id of a platform"
    fieldsets = ((None, {"fields": ("id", "platform", "key", "last_seen_on")}),)


@admin.register(Follow)
class FollowAdmin(ReadOnlyAdmin):
    list_display = ("id", "creator", "since", "until")
    list_select_related = ("creator",)
    list_filter = (("until", admin.EmptyFieldListFilter),)
    belongs = ("creator",)
    searches = (by_number("id"), by_uuid("creator_id"))
    search_help_text = "number of a follow, or id of a creator"
    fieldsets = ((None, {"fields": ("id", "creator", "since", "until")}),)


_WORK_COLUMNS = ("title", "kind", "price", "rate", "published_on", "withdrawn_at")


def _audience_lines(creator: CreatorProfile) -> Sequence[Sequence[object]]:
    """Return how many listeners follow the creator now, and how many ever did, in one line."""
    counts = Follow.objects.filter(creator=creator).aggregate(
        now=Count("listener", filter=Q(until=None), distinct=True), ever=Count("listener", distinct=True)
    )
    return [(counts["now"], counts["ever"])]


def _listener_lines(platform: Platform) -> Sequence[Sequence[object]]:
    """Return how many listeners the platform has, in one line."""
    counts = Listener.objects.filter(platform=platform).aggregate(
        known=Count("pk", filter=Q(digest__isnull=False)), unknown=Count("pk", filter=Q(digest=None))
    )
    return [(counts["known"], counts["unknown"])]


show_on(
    CreatorProfile,
    Figures("Followers", Follow, ("now", "ever"), _audience_lines),
    Table(Work, by="creator", columns=(*_WORK_COLUMNS, "created_at")),
    Table(Collection, by="creator", columns=("title", "created_at", "updated_at")),
)
show_on(
    Work,
    Table(WorkRate, by="work", columns=("created_at", "rate", "valid_from")),
    Table(WorkMove, by="work", columns=("moved_at", "from_creator", "to_creator")),
)
show_on(
    Collection,
    Table(CollectionWork, by="collection", columns=("position", "work"), ordering=("position",), limit=50),
)
show_on(
    Platform,
    Figures("Listeners", Listener, ("known by their id", "unknown for good"), _listener_lines),
    Table(
        CreatorProfile, by="platform", columns=("display_name", "status", "worker", "created_at"), limit=10
    ),
    Table(Work, by="platform", columns=(*_WORK_COLUMNS, "creator", "created_at"), limit=10),
)
show_on(
    Worker,
    Table(
        CreatorProfile, by="worker", columns=("display_name", "status", "platform", "created_at"), limit=10
    ),
)
name_rows_by(CreatorProfile, "display_name")
name_rows_by(Work, "title")
name_rows_by(Collection, "title")


@summarize(CreatorProfile, of=CreatorProfile, position=10)
def _creator(creator: CreatorProfile) -> list[Figure | NextStep]:
    tones = {CreatorStatus.VERIFIED: "good", CreatorStatus.PENDING: "wait"}
    parts: list[Figure | NextStep] = [
        Figure("Creator", str(creator.get_status_display()), tones.get(CreatorStatus(creator.status), "")),
        Figure("Worker", link_to(creator.worker) or ""),
        Figure("Platform", link_to(creator.platform) or ""),
    ]
    if creator.status == CreatorStatus.PENDING:
        parts.append(NextStep("Waits for its platform to verify it."))
    return parts


@summarize(CreatorProfile, of=Work, position=20)
def _works(creator: CreatorProfile) -> list[Figure]:
    count = Work.objects.filter(creator=creator, withdrawn_at=None)[:MOST_COUNTED].count()
    words = f"{MOST_COUNTED:,} or more" if count == MOST_COUNTED else f"{count:,}"
    return [Figure("Works", words, url=list_url(Work, creator=creator.pk))]
