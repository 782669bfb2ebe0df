"""Permissions of staff, read by one statement for a request."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group, Permission, User
from django.db.models import F


class StaffBackend(ModelBackend):
    """Backend whose permissions of roles and of people are read together: Django reads each by itself."""

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return the names of all permissions of the user, as in "loans.view_loan"."""
        if user_obj.is_superuser or not user_obj.is_active or obj is not None:
            return super().get_all_permissions(user_obj, obj)
        if not hasattr(user_obj, "_perm_cache"):
            by_role = Group.permissions.through.objects.filter(group__user=user_obj).values("permission")
            own = User.user_permissions.through.objects.filter(user=user_obj).values("permission")
            names = Permission.objects.filter(pk__in=by_role.union(own)).values_list(
                F("content_type__app_label"), "codename"
            )
            user_obj._perm_cache = {f"{app}.{codename}" for app, codename in names.order_by()}
        found: set[str] = user_obj._perm_cache
        return found
