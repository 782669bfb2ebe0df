"""Names of members of staff for rows that hold their ids, as in "staff:4"."""

from collections.abc import Callable
from contextvars import ContextVar
from functools import cached_property

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser, Group, User
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse

# More than any company has; only the newest are read.
_MOST = 2_000
_members: ContextVar[dict[str, AbstractUser] | None] = ContextVar("members_of_staff", default=None)


def _read_members() -> dict[str, AbstractUser]:
    """Return the members of staff by their ids, read from the database once per request."""
    known = _members.get()
    if known:
        return known
    columns = ("first_name", "last_name", "username", "email", "is_staff")
    newest = get_user_model()._default_manager.only(*columns).order_by("-pk")[:_MOST]
    found: dict[str, AbstractUser] = {str(one.pk): one for one in newest}
    if known is not None:
        known.update(found)
    return found


def staff_name(key: str) -> str:
    """Return the name of the member of staff with that id, or the id where the account is gone."""
    member = _read_members().get(key)
    return member_name(member) if member else f"staff {key}"


class StaffAddresses:
    """Names to log in with and email addresses of the members of staff, by which colleagues know each other:
    read when the first that is not the reader's own is looked for."""

    def __init__(self, reader: AbstractUser) -> None:
        self._own = {reader.get_username(), reader.email}

    @cached_property
    def _all(self) -> set[str]:
        staff = [one for one in _read_members().values() if one.is_staff]
        return {text for one in staff for text in (one.get_username(), one.email)}

    def __contains__(self, text: object) -> bool:
        return text in self._own or text in self._all


def member_name(member: AbstractUser) -> str:
    """Return the first and last names of a member of staff, or the name to log in with."""
    return member.get_full_name() or member.get_username()


def name_actor(actor: str) -> str:
    """Return the person's name for an actor such as "staff:4", any other actor as it is written."""
    kind, _, key = actor.partition(":")
    return staff_name(key) if kind == "staff" else actor


def actor_text(member: User) -> str:
    """Return the text by which rows name the member, as in "staff:4"."""
    return f"staff:{member.pk}"


def find_member(actor: str) -> User | None:
    """Return the member of staff that a row names, if they may still log in."""
    kind, _, number = actor.partition(":")
    if kind != "staff" or not number.isdigit():
        return None
    return User.objects.filter(pk=int(number), is_active=True, is_staff=True).first()


def is_of_staff(address: str) -> bool:
    """Whether a member of staff has this email address, in either case."""
    return User.objects.filter(email__iexact=address, is_staff=True).exists()


def members_who_may(*permissions: str) -> list[User]:
    """Return the members of staff who have all of these permissions, by a single statement."""
    staff = User.objects.filter(is_active=True, is_staff=True).order_by("pk")
    for permission in permissions:
        app, _, codename = permission.partition(".")
        staff = staff.filter(holding(codename, app=app))
    return list(staff)


def holding(codename: str, *, app: str = "") -> Q:
    """Return a condition on users: those with a permission of this code name, by a role, of their own, or as
    superusers. Without `app` that of any app counts."""
    named = {"permission__codename": codename}
    if app:
        named["permission__content_type__app_label"] = app
    by_role = Group.permissions.through.objects.filter(group__user=OuterRef("pk"), **named)
    own = User.user_permissions.through.objects.filter(user=OuterRef("pk"), **named)
    return Q(is_superuser=True) | Exists(by_role) | Exists(own)


class StaffNamesMiddleware:
    """Middleware that keeps the names of the staff for the length of a request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _members.set({})
        try:
            return self.get_response(request)
        finally:
            _members.reset(token)
