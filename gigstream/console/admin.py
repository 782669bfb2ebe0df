"""The staff themselves and their groups, which are Django's, on the console's pages; and who of them claimed
what."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import admin as auth
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from audit import services as audit
from audit.models import Claim
from gigstream.console import services
from gigstream.console.queues import QUEUES
from gigstream.lib.admin import ReadOnlyAdmin, Table, show_on
from gigstream.lib.clock import database_now
from gigstream.lib.errors import Refusal

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
    actions = ("reset_second_factor",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever leaves is switched off: the audit log names them for ever."""
        return False

    def log_addition(self, request: HttpRequest, obj: User, message: Any) -> None:  # type: ignore[override]
        audit.record("staff.add", obj)

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> None:  # type: ignore[override]
        """Which fields were changed; a password is among them without its value."""
        names = [name for one in message for name in one.get("changed", {}).get("fields", [])]
        about_password = any("password" in name.lower() for name in names)
        audit.record(
            "staff.set_password" if about_password else "staff.edit", obj, metadata={"fields": names}
        )

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Nobody who has taken somebody's second factor away gives them a password as well."""
        user = self.get_object(request, id)
        if request.method == "POST" and user is not None:
            try:
                services.require_not_done_lately(user, [services.RESET], now=database_now())
            except Refusal as refusal:
                raise PermissionDenied(refusal.message) from refusal
        return super().user_change_password(request, id, form_url)

    def has_reset_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    @admin.action(description="Take the second factor away", permissions=["reset"])
    def reset_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For whoever has lost app and codes: they make a new one at their next log-in."""
        for user in queryset:
            try:
                services.reset_second_factor(user_id=user.pk)
            except Refusal as refusal:
                messages.error(request, f"{user}: {refusal.message}")
            else:
                messages.success(request, f"{user} logs in without a second factor and makes a new one.")


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
