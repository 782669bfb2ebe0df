"""What the console does when others announce."""

from contextlib import suppress
from typing import Any

from django.apps import apps as django_apps
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from gigstream.console import roles, services
from gigstream.console.middleware import begin_session, is_too_old


@receiver(post_migrate, dispatch_uid="console.roles")
def give_roles_their_permissions(sender: Any, apps: Any = django_apps, **kwargs: Any) -> None:
    """After the last app's migrations, when Django has made the permissions of all; and after a flush."""
    if sender.name != "gigstream.console":
        return
    # An older state of the models may have no groups.
    with suppress(LookupError):
        roles.keep_in_step(apps)


@receiver(user_logged_in, dispatch_uid="console.sessions")
def begin_their_session(sender: Any, request: Any, **kwargs: Any) -> None:
    begin_session(request.session)


@receiver(user_logged_out, dispatch_uid="console.sign_out")
def record_that_they_left(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    if user is not None and user.is_staff:
        services.record_sign_out(user, because="time" if is_too_old(request.session) else "asked")
