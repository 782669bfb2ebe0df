"""The staff themselves and their groups, which are Django's, on the console's pages; and who of them claimed
what."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group, User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.widgets import CHECKBOX_CLASSES, UnfoldAdminCheckboxSelectMultipleWidget

from audit.models import Claim
from audit.pages import told
from gigstream.console import services
from gigstream.console.models import Authenticator
from gigstream.console.queues import QUEUES
from gigstream.lib import emails
from gigstream.lib.admin import (
    EMPTY,
    CorrectionForm,
    ProfileAdmin,
    ReadOnlyAdmin,
    ReasonForm,
    Table,
    admin_url,
    by_email,
    by_number,
    by_text,
    by_words,
    each,
    show_on,
)
from gigstream.lib.errors import cleaned
from gigstream.lib.names import normal_name, optional_name

admin.site.unregister(User)
admin.site.unregister(Group)


class AccessForm(ReasonForm):
    """Which access, among what the account is to have, or has."""

    access = forms.MultipleChoiceField(widget=UnfoldAdminCheckboxSelectMultipleWidget)
    field_order = ("access", "reason")
    which: Callable[[Any], Sequence[str]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["access"]
        field.widget.attrs["class"] = " ".join(CHECKBOX_CLASSES)
        names = {name for row in self.rows for name in type(self).which(row)}
        field.choices = [(name, services.in_words(name)) for name in sorted(names)]


class GiveForm(AccessForm):
    which = staticmethod(services.access_to_give)


class TakeForm(AccessForm):
    which = staticmethod(services.access_of)


class ResetForm(ReasonForm):
    second_factor = forms.BooleanField(
        required=False,
        label="Take the second factor away",
        help_text="For whoever has lost app and recovery codes: they make a new one when they log in.",
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
        return cleaned(emails.normal_email, self.cleaned_data["email"])


class StaffForm(forms.ModelForm):
    """A colleague's new account."""

    def clean_username(self) -> str:
        """Return the name to log in with, readable like every name."""
        return cleaned(normal_name, self.cleaned_data["username"])

    def clean_first_name(self) -> str:
        """Return the first name, which may be empty."""
        return cleaned(optional_name, self.cleaned_data["first_name"])

    def clean_last_name(self) -> str:
        """Return the last name, which may be empty."""
        return cleaned(optional_name, self.cleaned_data["last_name"])

    def clean_email(self) -> str:
        """Return the address as it is kept."""
        return cleaned(emails.normal_email, self.cleaned_data["email"])


class StaffCorrectionForm(CorrectionForm, StaffForm):
    """Corrections of a colleague's names."""


ADDED = ("username", "first_name", "last_name", "email")
SECOND_PERSON = "It is done when a second person has approved it."


def _may_log_in(user: User) -> bool:
    return user.is_active and user.is_staff


@admin.register(User)
class UserAdmin(ProfileAdmin):
    """Superusers make accounts and switch them off; what gives access waits for a second person. What a role
    may do is not decided here."""

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
    )
    search_help_text = "number, name to log in with, last name or email, each in full"
    editable = ("first_name", "last_name")
    fieldsets = (
        (None, {"fields": ADDED}),
        ("What they may do", {"fields": ("access",)}),
        ("How they come in", {"fields": ("password_state", "second_factor")}),
        ("Times", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ADDED}),)
    actions = (
        each(
            "grant",
            "Give access",
            "asked for",
            lambda row, access, reason: told(
                services.ask_to_grant(user_id=row.pk, access=access, reason=reason)
            ),
            form=GiveForm,
            single=True,
            note=f"{SECOND_PERSON} Who has no password is sent a code to choose one.",
        ),
        each(
            "take_away",
            "Take access away",
            "changed",
            lambda row, access, reason: services.take_away(user_id=row.pk, access=access, reason=reason),
            form=TakeForm,
            single=True,
            note="It is done at once.",
        ),
        each(
            "reset_access",
            "Let them choose a new password",
            "asked for",
            lambda row, second_factor, reason: told(
                services.ask_to_reset_access(user_id=row.pk, second_factor=second_factor, reason=reason)
            ),
            form=ResetForm,
            when=_may_log_in,
            single=True,
            note=f"{SECOND_PERSON} They are signed out and sent a code; the old password ends.",
        ),
        each(
            "change_email",
            "Change the email address",
            "asked for",
            lambda row, email, reason: told(
                services.ask_to_change_email(user_id=row.pk, email=email, reason=reason)
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
        """An account has an address from the start: the code for its first password goes there."""
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
        """The audit log is the one record of who did what."""

    def response_add(
        self, request: HttpRequest, obj: User, post_url_continue: str | None = None
    ) -> HttpResponse:
        """To the page where access is asked for."""
        messages.success(request, f"{obj} has an account, and may do nothing yet: give them access.")
        return HttpResponseRedirect(admin_url(obj))

    @admin.display(description="access")
    def access(self, user: User) -> SafeString | str:
        words = ((services.in_words(name),) for name in services.access_of(user))
        return format_html_join("", "<div>{}</div>", words) or EMPTY

    @admin.display(description="password")
    def password_state(self, user: User) -> str:
        code = user.password_codes.filter(used_at=None).first()
        if user.has_usable_password():
            return "chosen"
        if code is None:
            return "none"
        sent = f"sent at {code.sent_at:%Y-%m-%d %H:%M}" if code.sent_at else "about to be sent"
        return f"none; a code to choose one is {sent}, and holds until {code.expires_at:%Y-%m-%d %H:%M}"

    @admin.display(description="second factor")
    def second_factor(self, user: User) -> str:
        in_use = Authenticator.objects.filter(user=user, confirmed=True).first()
        return f"an app, since {in_use.created_at:%Y-%m-%d}" if in_use else "none"


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
