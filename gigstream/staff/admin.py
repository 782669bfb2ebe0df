"""Admin pages of staff accounts and roles, which are Django's users and groups."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group, User
from django.db.models import Model, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.widgets import CHECKBOX_CLASSES, UnfoldAdminCheckboxSelectMultipleWidget

from gigstream.adminkit import (
    EMPTY,
    CorrectionForm,
    ProfileAdmin,
    ReadOnlyAdmin,
    ReasonForm,
    RowAction,
    admin_url,
    by_email,
    by_number,
    by_text,
    by_words,
    name_rows_by,
)
from gigstream.adminkit.actions import register_role_finder
from gigstream.adminkit.approval_results import as_action_result
from gigstream.core.errors import clean_field
from gigstream.core.people import emails
from gigstream.core.people.names import normal_name, optional_name
from gigstream.core.people.staff_names import member_name
from gigstream.staff import roles, services
from gigstream.staff.models import Authenticator


def _by_both_names(model: type[Model], term: str) -> Q | None:
    """Return the people whose first and last name begin with the two words of the term."""
    words = term.split()
    if len(words) != 2:
        return None
    return Q(first_name__istartswith=words[0], last_name__istartswith=words[1])


admin.site.unregister(User)
admin.site.unregister(Group)
register_role_finder(roles.roles_with)


class AccessForm(ReasonForm):
    """Form to choose access names and give a reason."""

    access = forms.MultipleChoiceField(widget=UnfoldAdminCheckboxSelectMultipleWidget)
    field_order = ("access", "reason")
    which: Callable[[Any], Sequence[str]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["access"]
        field.widget.attrs["class"] = " ".join(CHECKBOX_CLASSES)
        names = {name for row in self.rows for name in type(self).which(row)}
        field.choices = [(name, services.describe_access(name)) for name in sorted(names)]


class GiveForm(AccessForm):
    which = staticmethod(services.access_to_give)


class TakeForm(AccessForm):
    which = staticmethod(services.access_of)


class ResetForm(ReasonForm):
    second_factor = forms.BooleanField(
        required=False,
        label="Remove the second factor",
        help_text="If app and recovery codes are lost. The next log-in sets up a new second factor.",
    )
    field_order = ("second_factor", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["second_factor"].widget.attrs["class"] = " ".join(CHECKBOX_CLASSES)


class EmailForm(ReasonForm):
    email = forms.CharField(max_length=emails.LONGEST, label="New address")
    field_order = ("email", "reason")

    def clean_email(self) -> str:
        """Return the address as it is kept."""
        return clean_field(emails.normal_email, self.cleaned_data["email"])


class StaffForm(forms.ModelForm):
    """Form for a new staff account."""

    def clean_username(self) -> str:
        """Return the normalized username."""
        return clean_field(normal_name, self.cleaned_data["username"])

    def clean_first_name(self) -> str:
        """Return the first name, which may be empty."""
        return clean_field(optional_name, self.cleaned_data["first_name"])

    def clean_last_name(self) -> str:
        """Return the last name, which may be empty."""
        return clean_field(optional_name, self.cleaned_data["last_name"])

    def clean_email(self) -> str:
        """Return the address as it is kept."""
        return clean_field(emails.normal_email, self.cleaned_data["email"])


class StaffCorrectionForm(CorrectionForm, StaffForm):
    """Form to correct the names of a staff account."""


ADDED = ("username", "first_name", "last_name", "email")
SECOND_PERSON = "It takes effect when a second person has approved it."


def _may_log_in(user: User) -> bool:
    return user.is_active and user.is_staff


@admin.register(User)
class UserAdmin(ProfileAdmin):
    """Accounts of staff, managed by superusers; a second person approves new access. The permissions of a
    role are not set here."""

    form = StaffCorrectionForm

    list_display = (
        "username",
        "first_name",
        "last_name",
        "is_active",
        "is_staff",
        "is_superuser",
        "last_login",
    )
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    ordering = ("username",)
    sortable_by = ("username", "last_login")
    searches = (
        by_number("id"),
        by_email("email"),
        by_text("username__iexact"),
        by_words("last_name__iexact"),
        _by_both_names,
    )
    search_help_text = "number, username, last name or email, each in full, or the beginnings of both names"
    editable = ("first_name", "last_name")
    fieldsets = (
        (None, {"fields": ADDED}),
        ("Access", {"fields": ("access",)}),
        ("Sign-in", {"fields": ("password_state", "second_factor")}),
        ("Times", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ADDED}),)
    actions = (
        RowAction(
            name="grant",
            label="Grant access",
            done="requested",
            run=lambda row, access, reason: as_action_result(
                services.request_access_grant(user_id=row.pk, access=access, reason=reason)
            ),
            form=GiveForm,
            single=True,
            note=f"{SECOND_PERSON} An account without a password is sent a code to choose it.",
        ),
        RowAction(
            name="take_away",
            label="Remove access",
            done="changed",
            run=lambda row, access, reason: services.remove_access(
                user_id=row.pk, access=access, reason=reason
            ),
            form=TakeForm,
            single=True,
            note="It takes effect at once.",
        ),
        RowAction(
            name="reset_access",
            label="Reset the password",
            done="requested",
            run=lambda row, second_factor, reason: as_action_result(
                services.request_access_reset(user_id=row.pk, second_factor=second_factor, reason=reason)
            ),
            form=ResetForm,
            when=_may_log_in,
            single=True,
            note=f"{SECOND_PERSON} The account is signed out and sent a code; the old password ends.",
        ),
        RowAction(
            name="change_email",
            label="Change the email address",
            done="requested",
            run=lambda row, email, reason: as_action_result(
                services.request_email_change(user_id=row.pk, email=email, reason=reason)
            ),
            form=EmailForm,
            single=True,
            note=f"{SECOND_PERSON} Codes for a new password go to that address.",
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return ModelAdmin.has_add_permission(self, request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return ModelAdmin.has_change_permission(self, request, obj)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = {} if obj else {"form": StaffForm}
        return super().get_form(request, obj, change, **form, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_fieldsets(request, obj) if obj else self.add_fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_readonly_fields(request, obj) if obj else ()

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Require an address from the start: the code for the first password goes there."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name == "email":
            field.required = True
        return field

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            obj.pk = services.add_member(**{name: form.cleaned_data[name] for name in ADDED}).pk

    def correct(self, obj: User, values: dict[str, str], reason: str) -> None:
        services.edit_member(user_id=obj.pk, changes=values, reason=reason)

    def log_addition(self, request: HttpRequest, obj: User, message: Any) -> None:
        """Write nothing: the audit log is the only record of acts."""

    def response_add(
        self, request: HttpRequest, obj: User, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Redirect to the account's page, where access is requested."""
        messages.success(request, f"{obj} has an account without access: grant access next.")
        return HttpResponseRedirect(admin_url(obj))

    @admin.display(description="access")
    def access(self, user: User) -> SafeString | str:
        words = ((services.describe_access(name),) for name in services.access_of(user))
        return format_html_join("", "<div>{}</div>", words) or EMPTY

    @admin.display(description="password")
    def password_state(self, user: User) -> str:
        code = user.password_codes.filter(used_at=None).first()
        if user.has_usable_password():
            return "chosen"
        if code is None:
            return "none"
        sent = f"sent at {code.sent_at:%Y-%m-%d %H:%M}" if code.sent_at else "about to be sent"
        return f"none; a code to choose it is {sent}, and holds until {code.expires_at:%Y-%m-%d %H:%M}"

    @admin.display(description="second factor")
    def second_factor(self, user: User) -> str:
        in_use = Authenticator.objects.filter(user=user, confirmed=True).first()
        return f"an app, since {in_use.created_at:%Y-%m-%d}" if in_use else "none"


@admin.register(Group)
class GroupAdmin(ReadOnlyAdmin):
    """Roles of staff, which follow the table in `gigstream.staff.roles`."""

    list_display = ("name",)
    ordering = ("name",)
    fieldsets = ((None, {"fields": ("name", "may")}),)

    @admin.display(description="may")
    def may(self, group: Group) -> SafeString:
        names = group.permissions.order_by("codename").values_list("codename", flat=True)
        return format_html_join("", "<div>{}</div>", ((name.replace("_", " "),) for name in names))


name_rows_by(User, "first_name", "last_name", "username", text=member_name, is_personal=False)
