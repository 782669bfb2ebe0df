"""The staff themselves and their groups, which are Django's, on the console's pages; and who of them claimed
what."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import admin as auth
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from audit import services as audit
from audit.models import Claim
from gigstream.console.queues import QUEUES
from gigstream.lib.admin import ReadOnlyAdmin, Table, show_on

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(auth.UserAdmin, ModelAdmin):
    """Superusers let people in and give them roles; what a role may do is not decided here."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_fullwidth = True
    list_display = ("username", "first_name", "last_name", "is_active", "is_superuser", "last_login")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Who it is", {"fields": ("first_name", "last_name", "email")}),
        ("What they may do", {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        ("Times", {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever leaves is switched off: the audit log names them for ever."""
        return False

    def log_addition(self, request: HttpRequest, obj: User, message: Any) -> None:  # type: ignore[override]
        audit.record("staff.add", obj)

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> None:  # type: ignore[override]
        """Which fields were changed; a password is among them without its value."""
        names = [name for one in message for name in one.get("changed", {}).get("fields", [])]
        audit.record("staff.edit", obj, metadata={"fields": names or [str(message)]})


@admin.register(Group)
class GroupAdmin(ReadOnlyAdmin):
    """The roles, which follow the table in `gigstream.console.roles`."""

    list_display = ("name",)
    ordering = ("name",)
    fieldsets = ((None, {"fields": ("name", "may")}),)

    @admin.display(description="may")
    def may(self, group: Group) -> SafeString:
        names = group.permissions.order_by("codename").values_list("codename", flat=True)
        return format_html_join("", "<div>{}</div>", ((name.replace("_", " "),) for name in names))


for queue in QUEUES:
    show_on(
        queue.model,
        Table(
            Claim,
            by="q",
            title="Claims",
            limit=5,
            columns=("claimed_at", "holder", "reason", "ended_at", "ender"),
            ordering=("-claimed_at", "-id"),
            rows=lambda rows, row: rows.filter(subject_type=row._meta.model_name, subject_id=str(row.pk)),
        ),
    )
