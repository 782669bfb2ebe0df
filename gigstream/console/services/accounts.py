"""What members of staff may do. To take power away is one person's act; to give any takes two, and so does
whatever would let somebody log in as another.

What somebody may do is a set of names: `active`, `staff`, `superuser`, `role:…` for each group and
`permission:…` for each permission of their own.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group, User
from django.db.models import Q

from audit.approvals import Kind, register, request, require_reason
from audit.models import Approval
from audit.personal_changes import correct_profile
from audit.services import record, verb
from gigstream.console.errors import AccessChanged, LastSuperuser, NoAddress, NothingToDo
from gigstream.console.models import Authenticator, RecoveryCodes
from gigstream.console.services.passwords import forget_codes, let_choose
from gigstream.console.services.sessions import end_sessions
from gigstream.lib.clock import database_now
from gigstream.lib.emails import normal_email
from gigstream.lib.names import normal_name, optional_name

FLAGS = {"active": "is_active", "staff": "is_staff", "superuser": "is_superuser"}
ROLE, PERMISSION = "role:", "permission:"
_WORDS = {
    "active": "the account is switched on",
    "staff": "member of staff: may log in",
    "superuser": "superuser: may do everything",
}


def in_words(power: str) -> str:
    """What the name of something that somebody may do says to people."""
    return _WORDS.get(power) or power.replace(":", " ", 1)


def access_of(user: User) -> list[str]:
    """The names of all that the person may do, in one order."""
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
    """The names of what the person may not do yet and two people may let them: all but single permissions."""
    every = {*FLAGS, *(f"{ROLE}{name}" for name in Group.objects.values_list("name", flat=True))}
    return sorted(every - set(access_of(user)))


# --- One person -------------------------------------------------------------------------------------------
@verb("staff.add", "user")
def add_member(*, username: str, first_name: str, last_name: str, email: str) -> User:
    """Somebody who has no password and may do nothing, until two people have given them access."""
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
    """Correct the person's first and last name, not the one by which they log in; old and new names are kept
    with the reason. Raises ReasonMissing or InvalidName."""
    names = {name: optional_name(changes[name]) for name in ("first_name", "last_name") if name in changes}
    correct_profile(_locked(user_id), action="staff.edit", values=names, reason=reason)


@verb("staff.take_away", "user")
def take_away(*, user_id: int, access: Collection[str], reason: str) -> None:
    """At once the person may do this no more; who may not log in any more is signed out.

    Raises ReasonMissing, NothingToDo or, where nobody would be left to give access, LastSuperuser.
    """
    reason = require_reason(reason)
    both = Q(pk=user_id) | Q(is_superuser=True)
    locked = {one.pk: one for one in User.objects.select_for_update(no_key=True).filter(both).order_by("pk")}
    user = locked[user_id]
    held = access_of(user)
    _require_all(access, held, "they may not do this anyway")
    if (
        set(access) & set(FLAGS)
        and _may_all(user)
        and not any(_may_all(one) for one in locked.values() if one.pk != user_id)
    ):
        raise LastSuperuser("one superuser stays, or nobody could give access any more")
    _set_flags(user, access, False)
    user.groups.remove(*user.groups.filter(name__in=_named(access, ROLE)))
    for app, _, codename in (name.partition(".") for name in _named(access, PERMISSION)):
        user.user_permissions.remove(
            *user.user_permissions.filter(content_type__app_label=app, codename=codename)
        )
    if {"active", "staff"} & set(access):
        end_sessions(user, now=database_now())
        forget_codes(user)
    record(
        "staff.take_away",
        user,
        before={"access": held},
        after={"access": access_of(user)},
        metadata={"reason": reason},
    )


def _may_all(user: User) -> bool:
    return user.is_active and user.is_staff and user.is_superuser


def _locked(user_id: int) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=user_id)


def _named(access: Collection[str], kind: str) -> list[str]:
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
def ask_to_grant(
    *, user_id: int, access: Collection[str], reason: str, now: datetime | None = None
) -> Approval:
    """A second person is asked to let the person do this. A role, or all, is for members of staff only, so
    that they become one. Who has no password is sent a code with which they choose one.

    Raises NothingToDo, NoAddress or what `request` raises.
    """
    user = User.objects.get(pk=user_id)
    held = access_of(user)
    given = {*access, *(["staff"] if set(access) - {"active"} else [])} - set(held)
    _require_all(given, access_to_give(user), "they may do all of this already, or nobody could give it")
    if not user.has_usable_password():
        _require_address(user)
    parameters = {"gives": sorted(given), "before": held, "email": user.email}
    return request(kind=GRANT, subject=("user", str(user.pk)), parameters=parameters, reason=reason, now=now)


def _grant(approval: Approval) -> dict[str, Any]:
    user = _as_when_asked(approval)
    gives, held = approval.parameters["gives"], access_of(user)
    if held != approval.parameters["before"]:
        raise AccessChanged("what they may do has changed since it was asked for", access=held)
    _require_all(gives, access_to_give(user), "there is no such access to give")
    _set_flags(user, gives, True)
    user.groups.add(*Group.objects.filter(name__in=_named(gives, ROLE)))
    record(
        "staff.grant",
        user,
        before={"access": held},
        after={"access": access_of(user)},
        metadata={"reason": approval.reason},
    )
    if not user.has_usable_password():
        let_choose(user, approval, now=approval.decided_at or database_now())
    return {"user": user.pk}


def ask_to_reset_access(
    *, user_id: int, second_factor: bool, reason: str, now: datetime | None = None
) -> Approval:
    """A second person is asked to let the person choose a new password, by a code that is sent to them alone
    and, where that is lost, to take their `second_factor` away.

    Raises NothingToDo for who may not log in, NoAddress or what `request` raises.
    """
    user = User.objects.get(pk=user_id)
    if not (user.is_active and user.is_staff):
        raise NothingToDo("they may not log in: give them access")
    _require_address(user)
    return request(
        kind=RESET,
        subject=("user", str(user.pk)),
        parameters={"second_factor": second_factor, "email": user.email},
        reason=reason,
        now=now,
    )


def _reset(approval: Approval) -> dict[str, Any]:
    user = _as_when_asked(approval)
    if not (user.is_active and user.is_staff):
        raise NothingToDo("they may not log in any more")
    if approval.parameters["second_factor"]:
        for kind in (Authenticator, RecoveryCodes):
            kind._default_manager.filter(user=user).delete()
    let_choose(user, approval, now=approval.decided_at or database_now())
    record(
        "staff.reset_access",
        user,
        metadata={"reason": approval.reason, "second_factor": approval.parameters["second_factor"]},
    )
    return {"user": user.pk}


def ask_to_change_email(*, user_id: int, email: str, reason: str, now: datetime | None = None) -> Approval:
    """A second person is asked to let the person's emails, and with them the codes for a new password, go to
    this address. Raises InvalidEmail, NothingToDo or what `request` raises."""
    user = User.objects.get(pk=user_id)
    address = normal_email(email)
    if address == user.email:
        raise NothingToDo("this is their address already")
    return request(
        kind=CHANGE_EMAIL,
        subject=("user", str(user.pk)),
        parameters={"email": user.email, "to": address},
        reason=reason,
        now=now,
    )


def _change_email(approval: Approval) -> dict[str, Any]:
    user = _as_when_asked(approval)
    values = {"email": approval.parameters["to"]}
    correct_profile(user, action="staff.change_email", values=values, reason=approval.reason)
    forget_codes(user)
    return {"user": user.pk}


def _as_when_asked(approval: Approval) -> User:
    """The account, locked. Raises AccessChanged where it has another address than who approved has seen."""
    user = _locked(int(approval.subject_id))
    if user.email != approval.parameters["email"]:
        raise AccessChanged("their email address has changed since it was asked for")
    return user


def _require_address(user: User) -> None:
    if not user.email:
        raise NoAddress("there is no email address to which a code could go: ask for one first")


def _who(approval: Approval) -> list[tuple[str, str]]:
    """Whoever approves must know whom: the account's names, and where emails to them go."""
    user = User.objects.get(pk=approval.subject_id)
    return [
        ("Account", user.get_username()),
        ("Name", user.get_full_name() or "none"),
        ("Email", approval.parameters["email"] or "none"),
    ]


def _tell_grant(approval: Approval) -> Sequence[tuple[str, str]]:
    given, before = (
        "; ".join(map(in_words, approval.parameters[name])) or "nothing" for name in ("gives", "before")
    )
    return [*_who(approval), ("Until now", before), ("From then on also", given)]


def _tell_reset(approval: Approval) -> Sequence[tuple[str, str]]:
    second = "is taken away" if approval.parameters["second_factor"] else "stays"
    return [
        *_who(approval),
        ("Password", "they choose a new one by a code that this address is sent"),
        ("Second factor", second),
    ]


def _tell_change(approval: Approval) -> Sequence[tuple[str, str]]:
    return [*_who(approval), ("New address", approval.parameters["to"])]


GRANT = register(
    Kind(
        "staff.grant",
        "Access for staff",
        "auth.grant_user",
        _grant,
        _tell_grant,
        distinct_by=("gives",),
    )
)
RESET = register(
    Kind("staff.reset_access", "New password for staff", "auth.reset_access_user", _reset, _tell_reset)
)
CHANGE_EMAIL = register(
    Kind(
        "staff.change_email",
        "Email address of staff",
        "auth.change_email_user",
        _change_email,
        _tell_change,
    )
)
