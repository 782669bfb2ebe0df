"""Members of staff in the admin: the buttons they press, the questions and the messages that they read."""

from dataclasses import dataclass
from typing import Any, Protocol

from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.test import Client
from django.urls import reverse

from audit.log.context import Actor, acting
from audit.log.enums import ActorType
from gigstream.adminkit.actions.addresses import act_url


class Page(Protocol):
    """A response of the test client: it keeps the context of its template."""

    status_code: int
    content: bytes
    context: Any


@dataclass(frozen=True)
class Member:
    user: User
    client: Client

    @property
    def actor(self) -> Actor:
        return Actor(ActorType.STAFF, str(self.user.pk))

    def does(self, service: Any, **arguments: Any) -> Any:
        """Return the service's answer to this member."""
        with acting(self.actor):
            return service(**arguments)


def member(name: str, *permissions: str) -> Member:
    """Return a member of staff who is signed in: with these permissions, or without any named with all."""
    email = f"{name}@example.com"
    if permissions:
        user = User.objects.create_user(name, email, is_staff=True)
        for permission in permissions:
            app, _, codename = permission.partition(".")
            kind = ContentType.objects.get(app_label=app, model=codename.rpartition("_")[2])
            made, _ = Permission.objects.get_or_create(content_type=kind, codename=codename)
            user.user_permissions.add(made)
    else:
        user = User.objects.create_superuser(name, email)
    client = Client()
    client.force_login(user)
    return Member(user, client)


def ask(client: Client, action: str, *rows: models.Model, **more: Any) -> Page:
    """Choose the action for the rows in their list; return the page that requests confirmation."""
    path = reverse(f"admin:{rows[0]._meta.app_label}_{rows[0]._meta.model_name}_changelist")
    form = {"action": action, "_selected_action": [str(row.pk) for row in rows], **more}
    return client.post(path, form, follow=True)


def page_of_act(action: str, *rows: models.Model, **more: str) -> str:
    """Return the address of the page that confirms the action for the rows."""
    return act_url(type(rows[0]), action, [str(row.pk) for row in rows], **more)


def form_of(page: Page) -> dict[str, Any]:
    """Return the hidden fields of the page that requests confirmation."""
    asked = page.context
    return {
        asked["confirmed"]: asked["token"],
        "drawn_at": asked["drawn_at"],
        "note": asked["draft_note"],
        "seen": [row["seen"] for row in asked["rows"]],
    }


def answer(client: Client, page: Page, **given: Any) -> Page:
    """Confirm the page's question, with the values that it wants; return the page that follows."""
    return client.post(page.context["to"], {**form_of(page), **given}, follow=True)


def act(client: Client, action: str, *rows: models.Model, **given: Any) -> Page:
    """Choose the action and confirm it, with a reason; the page that follows, with its messages."""
    page = ask(client, action, *rows)
    if page.context is None or "token" not in page.context:
        return page
    return answer(client, page, **{"reason": "as agreed", **given})


def told(response: Page) -> list[str]:
    """Return the messages on the page."""
    return [str(message) for message in response.context["messages"]]
