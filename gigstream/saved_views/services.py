"""Saved views: made, renamed, replaced, shared and deleted by their owners. Acts on shared views are on
record; a private view is nobody else's business."""

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F, Max, Q
from django.db.models.functions import Greatest

from audit.log.services import record, verb
from gigstream.core.clock import DatabaseNow
from gigstream.core.people.names import normal_name
from gigstream.core.unit import in_unit
from gigstream.saved_views.errors import CannotBeSaved, NameTaken, NotTheOwner, TooManyViews
from gigstream.saved_views.models import LONGEST_NAME, SavedView
from gigstream.saved_views.queries import Query

MOST_VIEWS = 50
MOST_PINNED = 8


@verb("saved_view.save", "savedview")
def save_view(*, owner_id: int, list_of: str, name: str, query: Query, is_shared: bool = False) -> SavedView:
    """Save a view of a list for its owner. Raise NameTaken, TooManyViews, CannotBeSaved or InvalidName."""
    owner = User.objects.select_for_update(no_key=True).get(pk=owner_id)
    own = SavedView.objects.filter(owner=owner, list_of=list_of)
    if own.count() >= MOST_VIEWS:
        raise TooManyViews(f"a list has at most {MOST_VIEWS} views of one person: delete one first")
    last = own.aggregate(last=Max("position"))["last"]
    view = SavedView(
        owner=owner,
        list_of=list_of,
        name=_readable_name(name),
        query=query,
        is_shared=is_shared,
        position=0 if last is None else last + 1,
    )
    _store(view)
    if is_shared:
        record("saved_view.save", view, after=_loggable(view))
    return view


@verb("saved_view.rename", "savedview")
def rename_view(*, view_id: int, by: int, name: str) -> SavedView:
    """Give the view another name. Raise NameTaken, NotTheOwner or InvalidName."""
    view = _lock_own(view_id, by)
    before = _loggable(view)
    view.name = _readable_name(name)
    _store(view)
    if view.is_shared:
        record("saved_view.rename", view, before=before, after=_loggable(view))
    return view


@verb("saved_view.replace", "savedview")
def replace_view(*, view_id: int, by: int, query: Query) -> SavedView:
    """Replace the query of the view. Raise NotTheOwner."""
    view = _lock_own(view_id, by)
    before = _loggable(view)
    view.query = query
    _store(view)
    if view.is_shared:
        record("saved_view.replace", view, before=before, after=_loggable(view))
    return view


@verb("saved_view.share", "savedview")
def share_view(*, view_id: int, by: int) -> SavedView:
    """Show the view to all who may see its list. Raise NotTheOwner."""
    view = _lock_own(view_id, by)
    if not view.is_shared:
        view.is_shared = True
        _store(view)
        record("saved_view.share", view, after=_loggable(view))
    return view


@verb("saved_view.withdraw", "savedview")
def withdraw_view(*, view_id: int, by: int) -> SavedView:
    """Make the view private again; it leaves the menus of others. Raise NotTheOwner."""
    view = _lock_own(view_id, by)
    if view.is_shared:
        view.is_shared = False
        _store(view)
        view.pinned_by.set(view.pinned_by.filter(pk=by))
        record("saved_view.withdraw", view, before=_loggable(view))
    return view


@verb("saved_view.delete", "savedview")
def delete_view(*, view_id: int, by: int) -> None:
    """Delete the view, from all menus too. Raise NotTheOwner."""
    view = _lock_own(view_id, by)
    if view.is_shared:
        record("saved_view.delete", view, before=_loggable(view))
    view.delete()


@in_unit
def move_view_up(*, view_id: int, by: int) -> None:
    """Move the view before the one above it, among its owner's views of the list. Raise NotTheOwner."""
    view = _lock_own(view_id, by)
    own = list(SavedView.objects.locked().filter(owner_id=by, list_of=view.list_of))
    own.sort(key=lambda one: (one.position, one.pk))
    place = own.index(view)
    if place:
        own[place - 1], own[place] = own[place], own[place - 1]
    for position, one in enumerate(own):
        one.position = position
    SavedView.objects.bulk_update(own, ["position"])


@in_unit
def pin_view(*, view_id: int, by: int) -> None:
    """Put the view into this person's menu. Raise TooManyViews, or NotTheOwner for a private view of
    another."""
    person = User.objects.select_for_update(no_key=True).get(pk=by)
    view = SavedView.objects.filter(Q(is_shared=True) | Q(owner_id=by)).filter(pk=view_id).first()
    if view is None:
        raise NotTheOwner("the view is not yours, and not shared")
    if person.pinned_views.exclude(pk=view_id).count() >= MOST_PINNED:
        raise TooManyViews(f"a menu has at most {MOST_PINNED} views: take one out first")
    view.pinned_by.add(person)


@in_unit
def unpin_view(*, view_id: int, by: int) -> None:
    """Take the view out of this person's menu."""
    SavedView.pinned_by.through.objects.filter(savedview_id=view_id, user_id=by).delete()


def _lock_own(view_id: int, by: int) -> SavedView:
    view = SavedView.objects.locked().get(pk=view_id)
    if view.owner_id != by:
        raise NotTheOwner("only its owner changes a view")
    return view


def _store(view: SavedView) -> None:
    """Write the view. Raise NameTaken where its owner has another of this name."""
    if view.pk is not None:
        view.changed_at = Greatest(DatabaseNow(), F("created_at"))
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        if "saved_view_name_once_for_owner" not in str(error):
            raise
        raise NameTaken(f"you have a view “{view.name}” of this list") from error
    view.refresh_from_db(fields=["changed_at", "created_at"])


def _readable_name(text: str) -> str:
    name = normal_name(text)
    if len(name) > LONGEST_NAME:
        raise CannotBeSaved(f"a name has at most {LONGEST_NAME} letters: this has {len(name)}")
    return name


def _loggable(view: SavedView) -> dict[str, object]:
    """Return the values of a view for the audit log: none of its conditions, which may be about people."""
    return {"name": view.name, "list": view.list_of, "columns": _columns_of(view.query["conditions"])}


def _columns_of(conditions: Iterable[dict[str, str]]) -> list[str]:
    return sorted({one["column"] for one in conditions})
