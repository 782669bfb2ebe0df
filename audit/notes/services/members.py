"""Members of staff whom notes mention and to whom objects are assigned: those who may see the object."""

from collections import Counter
from collections.abc import Mapping, Sequence

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q

from audit.notes.calculations import MOST_MENTIONS, mentioned_names
from audit.notes.errors import AssigneeRefused, MentionRefused
from audit.notes.selectors import permission_to_see


def find_mentioned(text: str, row: models.Model) -> list[User]:
    """Return the members of staff whom the text mentions, each once. Raises MentionRefused."""
    spellings = mentioned_names(text)
    if not spellings:
        return []
    if len(spellings) > MOST_MENTIONS:
        raise MentionRefused(
            f"a note mentions at most {MOST_MENTIONS} people, this mentions {len(spellings)}",
            most=MOST_MENTIONS,
            mentions=len(spellings),
        )
    known = _members_named([name for names in spellings for name in names])
    found = [_require_mentionable(names, known, row) for names in spellings]
    return list({member.pk: member for member in found}.values())


def require_assignable(member: User, row: models.Model) -> None:
    """Raise AssigneeRefused for somebody who is inactive or may not see the object."""
    if why := _why_not(member, row):
        raise AssigneeRefused(f"it cannot be assigned to {member.get_username()}: {why}")


def handles_of(members: Sequence[User]) -> list[tuple[str, User]]:
    """Return the members with the names by which a note mentions each: the part before the "@" of those who
    log in by an email address, as long as it is nobody else's."""
    counts = Counter(_handle(member).lower() for member in members)
    return [
        (_handle(member) if counts[_handle(member).lower()] == 1 else member.get_username(), member)
        for member in members
    ]


def _handle(member: User) -> str:
    return member.get_username().partition("@")[0]


def _members_named(names: Sequence[str]) -> Mapping[str, User]:
    """Return the members of staff by the names, in lower case, to which they answer: those to log in with,
    and the parts before the "@" in them that are no other's."""
    found = Q()
    for name in names:
        found |= Q(username__iexact=name) | Q(username__istartswith=f"{name}@")
    members = list(User.objects.filter(found, is_staff=True).order_by("-pk"))
    active = [member for member in members if member.is_active]
    by_handle = {handle.lower(): member for handle, member in [*handles_of(members), *handles_of(active)]}
    by_name = {member.get_username().lower(): member for member in members}
    return by_handle | by_name | {member.get_username(): member for member in members}


def _require_mentionable(names: tuple[str, ...], known: Mapping[str, User], row: models.Model) -> User:
    candidates = (known.get(spelling) for name in names for spelling in (name, name.lower()))
    member = next(filter(None, candidates), None)
    if member is None:
        raise MentionRefused(
            f"@{names[-1]} is nobody of the staff; a word that is no mention is written without the @"
        )
    if why := _why_not(member, row):
        raise MentionRefused(f"@{member.username} cannot be mentioned here: {why}")
    return member


def _why_not(member: User, row: models.Model) -> str:
    """Return why the member cannot be given a part in the object, empty where they can."""
    if not member.is_active or not member.is_staff:
        return "the account is not active"
    if not member.has_perm(permission_to_see(type(row))):
        return f"this person may not see {row._meta.verbose_name_plural}"
    return ""
