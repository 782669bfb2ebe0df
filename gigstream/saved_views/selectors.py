"""Saved views that a member of staff may open, and those in their menu."""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet

from gigstream.saved_views.models import SavedView

Person = AbstractBaseUser | AnonymousUser


def views_for(person: Person) -> QuerySet[SavedView]:
    """Return this person's own views and those that are shared, by list and place."""
    visible = SavedView.objects.filter(Q(is_shared=True) | Q(owner=person.pk))
    return visible.select_related("owner").order_by("list_of", "position", "pk")


def views_of_list(person: Person, list_of: str) -> list[SavedView]:
    """Return the views of a list that this person may open, own ones first, each with whether it is in their
    menu (`is_pinned`)."""
    pins = SavedView.pinned_by.through.objects.filter(savedview=OuterRef("pk"), user=person.pk)
    found = views_for(person).filter(list_of=list_of).annotate(is_pinned=Exists(pins))
    return sorted(found, key=lambda view: view.owner_id != person.pk)


def pinned_views(person: Person) -> list[SavedView]:
    """Return the views in this person's menu."""
    return list(views_for(person).filter(pinned_by=person.pk))
