"""Accounts of staff in the demo."""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from audit.log.context import Actor
from audit.log.enums import ActorType
from gigstream.demo import people


def let_staff_in() -> None:
    """Create the missing accounts of staff: a superuser, and an account for each role."""
    users = get_user_model().objects
    if not users.filter(username=people.STAFF_USERNAME).exists():
        users.create_superuser(people.STAFF_USERNAME, people.STAFF_EMAIL, people.STAFF_PASSWORD)
    for role, email in people.STAFF_BY_ROLE.items():
        if not users.filter(username=email).exists():
            member = users.create_user(email, email, people.STAFF_PASSWORD, is_staff=True)
            member.groups.add(Group.objects.get(name=role))


def actor_of(username: str) -> Actor:
    """Return the member of staff with this name, as an actor."""
    user = get_user_model().objects.get(username=username)
    return Actor(ActorType.STAFF, str(user.pk))
