"""Receivers that keep the roles' permissions in step with the models and record sessions of staff."""

from contextlib import suppress
from typing import Any

from django.apps import apps as django_apps
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from gigstream.staff import roles, services
from gigstream.staff.middleware import begin_session, is_too_old


@receiver(post_migrate, dispatch_uid="staff.roles")
def sync_role_permissions(sender: Any, apps: Any = django_apps, **kwargs: Any) -> None:
    """Synchronise the roles after a flush and after the last app's migrations, when all permissions exist."""
    *_, last = (config for config in django_apps.get_app_configs() if config.models_module)
    if sender.name != last.name:
        return
    # An older state of the models may have no groups.
    with suppress(LookupError):
        roles.sync_permissions(apps)


@receiver(user_logged_in, dispatch_uid="staff.sessions")
def start_session_clock(sender: Any, request: Any, **kwargs: Any) -> None:
    begin_session(request.session)


@receiver(user_logged_out, dispatch_uid="staff.sign_out")
def record_sign_out(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    if user is not None and user.is_staff:
        services.record_sign_out(user, because="time" if is_too_old(request.session) else "asked")
