"""Access of members of staff. One person removes access; a grant, a password reset and a new email address,
each of which could let somebody log in as another, need a second person.

Access is a set of names: `active`, `staff`, `superuser`, `role:…` for each group and `permission:…` for each
permission of the account's own.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group, User
from django.db.models import Q

from audit.approvals.services import approval, request, require_reason
from audit.log.services import record, verb
from audit.models import Approval
from audit.personal_changes.services import correct_profile
from gigstream.core.clock import database_now
from gigstream.core.people.emails import normal_email
from gigstream.core.people.names import normal_name, optional_name
from gigstream.staff.errors import AccessChanged, LastSuperuser, NoAddress, NothingToDo
from gigstream.staff.models import Authenticator, RecoveryCodes
from gigstream.staff.services.passwords import delete_codes, issue_password_code
from gigstream.staff.services.sessions import end_sessions

FLAGS = {"active": "is_active", "staff": "is_staff", "superuser": "is_superuser"}
ROLE, PERMISSION = "role:", "permission:"
_LABELS = {
    "active": "the account is enabled",
    "staff": "member of staff: may log in",
    "superuser": "superuser: may do everything",
}


def describe_access(power: str) -> str:
    """Return the label of an access name."""
    return _LABELS.get(power) or power.replace(":", " ", 1)


def access_of(user: User) -> list[str]:
    """Return the access names of an account, sorted."""
    groups = user.groups.values_list("name", flat=True)
    own = user.user_permissions.values_list("content_type__app_label", "codename")
    return sorted(
        [
            *(name for name, column in FLAGS.items() if getattr(user, column)),
            *(f"{ROLE}{name}" for name in groups),
            *(f"{PERMISSION}{app}.{codename}" for app, codename in own),
        ]
    )


def access_to_give(user: User) -> list[str]:
    """Return the access names that can still be granted, sorted. Single permissions cannot be granted."""
    every = {*FLAGS, *(f"{ROLE}{name}" for name in Group.objects.values_list("name", flat=True))}
    return sorted(every - set(access_of(user)))


# --- One person -------------------------------------------------------------------------------------------
@verb("staff.add", "user")
def add_member(*, username: str, first_name: str, last_name: str, email: str) -> User:
    """Create an account without password or access; both need a second person."""
    user = User.objects.create_user(
        normal_name(username),
        normal_email(email),
        first_name=optional_name(first_name),
        last_name=optional_name(last_name),
    )
    record("staff.add", user)
    return user


@verb("staff.edit", "user")
def edit_member(*, user_id: int, changes: Mapping[str, str], reason: str) -> None:
    """Correct first and last name, not the username; old and new names are kept with the reason.

    Raises ReasonMissing or InvalidName.
    """
    names = {name: optional_name(changes[name]) for name in ("first_name", "last_name") if name in changes}
    correct_profile(_lock_user(user_id), action="staff.edit", values=names, reason=reason)


@verb("staff.take_away", "user")
def remove_access(*, user_id: int, access: Collection[str], reason: str) -> None:
    """Remove access at once; an account that may no longer log in is signed out.

    Raises ReasonMissing, NothingToDo, or LastSuperuser when no superuser would be left to grant access.
    """
    reason = require_reason(reason)
    both = Q(pk=user_id) | Q(is_superuser=True)
    locked = {
        account.pk: account
        for account in User.objects.select_for_update(no_key=True).filter(both).order_by("pk")
    }
    user = locked[user_id]
    held = access_of(user)
    _require_all(access, held, "the account does not have this access")
    if (
        set(access) & set(FLAGS)
        and _may_all(user)
        and not any(_may_all(account) for account in locked.values() if account.pk != user_id)
    ):
        raise LastSuperuser("the last superuser cannot be removed: nobody could grant access any more")
    _set_flags(user, access, False)
    user.groups.remove(*user.groups.filter(name__in=_names_of_kind(access, ROLE)))
    for app, _, codename in (name.partition(".") for name in _names_of_kind(access, PERMISSION)):
        user.user_permissions.remove(
            *user.user_permissions.filter(content_type__app_label=app, codename=codename)
        )
    if {"active", "staff"} & set(access):
        end_sessions(user, now=database_now())
        delete_codes(user)
    record(
        "staff.take_away",
        user,
        before={"access": held},
        after={"access": access_of(user)},
        metadata={"reason": reason},
    )


def _may_all(user: User) -> bool:
    return user.is_active and user.is_staff and user.is_superuser


def _lock_user(user_id: int) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=user_id)


def _names_of_kind(access: Collection[str], kind: str) -> list[str]:
    return [name.removeprefix(kind) for name in access if name.startswith(kind)]


def _set_flags(user: User, access: Collection[str], value: bool) -> None:
    columns = [column for name, column in FLAGS.items() if name in access]
    for column in columns:
        setattr(user, column, value)
    if columns:
        user.save(update_fields=columns)


def _require_all(access: Collection[str], possible: Collection[str], why: str) -> None:
    if not access or set(access) - set(possible):
        raise NothingToDo(why, access=sorted(access))


# --- Two people -------------------------------------------------------------------------------------------
def request_access_grant(
    *, user_id: int, access: Collection[str], reason: str, now: datetime | None = None
) -> Approval:
    """Request a second person's approval of access for an account.

    A role or `superuser` also makes the account a member of staff. On approval, an account without a password
    is sent a code to choose its first. Raises NothingToDo, NoAddress and the errors of `approvals.request`.
    """
    user = User.objects.get(pk=user_id)
    held = access_of(user)
    given = {*access, *(["staff"] if set(access) - {"active"} else [])} - set(held)
    _require_all(given, access_to_give(user), "the account has this access already, or it cannot be granted")
    if not user.has_usable_password():
        _require_address(user)
    parameters = {"gives": sorted(given), "before": held, "email": user.email}
    return request(
        kind="staff.grant", subject=("user", str(user.pk)), parameters=parameters, reason=reason, now=now
    )


def _describe_grant(approval: Approval) -> Sequence[tuple[str, str]]:
    given, before = (
        "; ".join(map(describe_access, approval.parameters[name])) or "nothing"
        for name in ("gives", "before")
    )
    return [*_account_lines(approval), ("Present access", before), ("Additional access", given)]


@approval(
    "staff.grant",
    label="Access for staff",
    permission="auth.grant_user",
    describe=_describe_grant,
    distinct_by=("gives",),
)
def _execute_grant(approval: Approval) -> dict[str, Any]:
    user = _lock_unchanged(approval)
    gives, held = approval.parameters["gives"], access_of(user)
    if held != approval.parameters["before"]:
        raise AccessChanged("the account's access has changed since the request", access=held)
    _require_all(gives, access_to_give(user), "this access cannot be granted")
    _set_flags(user, gives, True)
    user.groups.add(*Group.objects.filter(name__in=_names_of_kind(gives, ROLE)))
    record(
        "staff.grant",
        user,
        before={"access": held},
        after={"access": access_of(user)},
        metadata={"reason": approval.reason},
    )
    if not user.has_usable_password():
        issue_password_code(user, approval, now=approval.decided_at or database_now())
    return {"user": user.pk}


def request_access_reset(
    *, user_id: int, second_factor: bool, reason: str, now: datetime | None = None
) -> Approval:
    """Request a second person's approval of a password reset by emailed code and, if `second_factor` is true,
    of the removal of the account's second factor.

    Raises NothingToDo for an account that may not log in, NoAddress and the errors of `approvals.request`.
    """
    user = User.objects.get(pk=user_id)
    if not (user.is_active and user.is_staff):
        raise NothingToDo("the account may not log in: grant access first")
    _require_address(user)
    return request(
        kind="staff.reset_access",
        subject=("user", str(user.pk)),
        parameters={"second_factor": second_factor, "email": user.email},
        reason=reason,
        now=now,
    )


def _describe_reset(approval: Approval) -> Sequence[tuple[str, str]]:
    second = "is removed" if approval.parameters["second_factor"] else "stays"
    return [
        *_account_lines(approval),
        ("Password", "a code to choose a new password is sent to this address"),
        ("Second factor", second),
    ]


@approval(
    "staff.reset_access",
    label="New password for staff",
    permission="auth.reset_access_user",
    describe=_describe_reset,
)
def _execute_reset(approval: Approval) -> dict[str, Any]:
    user = _lock_unchanged(approval)
    if not (user.is_active and user.is_staff):
        raise NothingToDo("the account may not log in any more")
    if approval.parameters["second_factor"]:
        for kind in (Authenticator, RecoveryCodes):
            kind._default_manager.filter(user=user).delete()
    issue_password_code(user, approval, now=approval.decided_at or database_now())
    record(
        "staff.reset_access",
        user,
        metadata={"reason": approval.reason, "second_factor": approval.parameters["second_factor"]},
    )
    return {"user": user.pk}


def request_email_change(*, user_id: int, email: str, reason: str, now: datetime | None = None) -> Approval:
    """Request a second person's approval of a new email address, to which password codes will go too.

    Raises InvalidEmail, NothingToDo and the errors of `approvals.request`.
    """
    user = User.objects.get(pk=user_id)
    address = normal_email(email)
    if address == user.email:
        raise NothingToDo("the account has this address already")
    return request(
        kind="staff.change_email",
        subject=("user", str(user.pk)),
        parameters={"email": user.email, "to": address},
        reason=reason,
        now=now,
    )


def _describe_email_change(approval: Approval) -> Sequence[tuple[str, str]]:
    return [*_account_lines(approval), ("New address", approval.parameters["to"])]


@approval(
    "staff.change_email",
    label="Email address of staff",
    permission="auth.change_email_user",
    describe=_describe_email_change,
)
def _change_email(approval: Approval) -> dict[str, Any]:
    user = _lock_unchanged(approval)
    values = {"email": approval.parameters["to"]}
    correct_profile(user, action="staff.change_email", values=values, reason=approval.reason)
    delete_codes(user)
    return {"user": user.pk}


def _lock_unchanged(approval: Approval) -> User:
    """Lock the account and return it. Raises AccessChanged when its address differs from the requested."""
    user = _lock_user(int(approval.subject_id))
    if user.email != approval.parameters["email"]:
        raise AccessChanged("the account's email address has changed since the request")
    return user


def _require_address(user: User) -> None:
    if not user.email:
        raise NoAddress("the account has no email address for a code: add an address first")


def _account_lines(approval: Approval) -> list[tuple[str, str]]:
    """Return the lines by which an approver recognises the account: its names and email address."""
    user = User.objects.get(pk=approval.subject_id)
    return [
        ("Account", user.get_username()),
        ("Name", user.get_full_name() or "none"),
        ("Email", approval.parameters["email"] or "none"),
    ]
