"""Who of the staff may do what: the one table of it, and how it reaches the database.

A role is a group. To be in one is the only way to a permission, but for superusers, who have all of them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db import models

from audit.exports import MAY_EXPORT
from gigstream.lib.masking import SEE_PERSONAL_DATA


class Role(models.TextChoices):
    OPERATIONS = "operations"
    FINANCE = "finance"
    RISK = "risk"
    SUPPORT = "support"
    AUDITOR = "auditor"


Roles = frozenset[Role]
OPERATIONS, FINANCE, RISK = frozenset({Role.OPERATIONS}), frozenset({Role.FINANCE}), frozenset({Role.RISK})
SUPPORT = frozenset({Role.SUPPORT})
NOBODY: Roles = frozenset()
DESKS = OPERATIONS | FINANCE | RISK
EVERY_DESK = DESKS | SUPPORT


@dataclass(frozen=True, slots=True)
class Access:
    """Who sees the rows of a model, who corrects the few fields that its page offers for it (or, where no
    action is offered, takes them on), and who may use each of its actions. Auditors see all of them and do
    nothing: they are named nowhere."""

    view: Roles
    change: Roles = NOBODY
    actions: dict[str, Roles] = field(default_factory=dict)


ACCESS: dict[str, Access] = {
    # People and their ways in
    "workers.worker": Access(
        EVERY_DESK,
        change=OPERATIONS,
        actions={
            "suspend": OPERATIONS | RISK,
            "reinstate": OPERATIONS | RISK,
            "adjust_reputation": RISK,
            "reward": FINANCE,
            "hold_payouts": DESKS,
            "lend_by_exception": RISK,
        },
    ),
    "workers.workersession": Access(OPERATIONS | RISK | SUPPORT),
    "workers.refreshtoken": Access(RISK),
    "workers.signinattempts": Access(OPERATIONS | RISK),
    "workers.registration": Access(OPERATIONS | SUPPORT),
    "workers.passwordreset": Access(OPERATIONS | SUPPORT),
    "workers.walletchange": Access(OPERATIONS | RISK | SUPPORT),
    "workers.walletnonce": Access(RISK),
    # Companies and their work
    "platforms.platform": Access(
        EVERY_DESK,
        change=OPERATIONS,
        actions={
            "suspend": OPERATIONS | RISK,
            "reinstate": OPERATIONS | RISK,
            "test_webhook": OPERATIONS,
            "disable_webhook": OPERATIONS,
            "enable_webhook": OPERATIONS,
            "rotate_secret": OPERATIONS,
            "make_key": OPERATIONS,
            "set_fee": FINANCE,
            "set_bonus_limit": FINANCE,
            "set_request_limits": OPERATIONS,
            "deposit": FINANCE,
            "hold_withdrawals": DESKS,
        },
    ),
    "platforms.apikey": Access(OPERATIONS, actions={"rotate": OPERATIONS, "revoke": OPERATIONS}),
    "platforms.consent": Access(EVERY_DESK),
    "platforms.engagement": Access(EVERY_DESK),
    "platforms.invitation": Access(OPERATIONS | SUPPORT),
    "platforms.withdrawaladdress": Access(OPERATIONS | FINANCE),
    "platforms.task": Access(EVERY_DESK, actions={"cancel": OPERATIONS | FINANCE}),
    "platforms.milestone": Access(EVERY_DESK),
    "platforms.workevent": Access(EVERY_DESK),
    "platforms.dispute": Access(EVERY_DESK, actions={"resolve": OPERATIONS | RISK}),
    "platforms.tasktally": Access(DESKS),
    "platforms.taskcompletionstats": Access(DESKS),
    "platforms.event": Access(OPERATIONS, actions={"replay": OPERATIONS}),
    "platforms.eventcounter": Access(OPERATIONS),
    "platforms.webhookendpoint": Access(OPERATIONS | SUPPORT),
    "platforms.webhookdelivery": Access(OPERATIONS | SUPPORT, actions={"replay": OPERATIONS}),
    # Money
    "payments.stream": Access(
        EVERY_DESK,
        actions={
            "pause": OPERATIONS,
            "resume": OPERATIONS,
            "cancel": OPERATIONS | FINANCE,
            "take_up_again": OPERATIONS,
        },
    ),
    "payments.activestream": Access(EVERY_DESK),
    "payments.transaction": Access(
        EVERY_DESK,
        actions={
            "cancel": OPERATIONS | FINANCE,
            "release": OPERATIONS | FINANCE,
            "stop": OPERATIONS | FINANCE,
            "offer_again": OPERATIONS,
            "look_for": OPERATIONS | FINANCE,
            "accelerate": OPERATIONS | FINANCE,
            "ask_to_cancel": OPERATIONS | FINANCE,
        },
    ),
    "payments.account": Access(EVERY_DESK, actions={"adjust": FINANCE}),
    "payments.ledgerentry": Access(DESKS),
    "payments.adjustment": Access(FINANCE),
    "payments.payouthold": Access(EVERY_DESK, actions={"end": DESKS}),
    "payments.payoutholdpart": Access(DESKS),
    "payments.coveredparts": Access(DESKS),
    "payments.coveredtask": Access(EVERY_DESK),
    "payments.platformpayout": Access(EVERY_DESK),
    "payments.transactionday": Access(DESKS),
    "payments.dailytransactionsummary": Access(DESKS),
    "payments.platformperformance": Access(DESKS),
    # Settlement
    "payments.settlementattempt": Access(OPERATIONS | FINANCE),
    "payments.providernotification": Access(OPERATIONS | FINANCE),
    "payments.providerbreaker": Access(DESKS),
    "payments.paymentswitch": Access(DESKS, actions={"stop": DESKS, "go_on": OPERATIONS | FINANCE}),
    "payments.reconciliation": Access(OPERATIONS | FINANCE),
    "payments.reconciliationbreak": Access(OPERATIONS | FINANCE, actions={"explain": FINANCE}),
    "payments.observedtransfer": Access(OPERATIONS | FINANCE, actions={"credit": OPERATIONS | FINANCE}),
    "payments.chaincursor": Access(OPERATIONS | FINANCE),
    "payments.walletorder": Access(OPERATIONS | FINANCE),
    "payments.sandboxwallet": Access(OPERATIONS),
    "payments.sandboxtransfer": Access(OPERATIONS),
    "payments.sandboxfault": Access(OPERATIONS),
    # Standing and advances
    "reputation.reputationevent": Access(EVERY_DESK),
    "reputation.reputationhistory": Access(EVERY_DESK),
    "loans.loan": Access(
        EVERY_DESK,
        actions={"approve": RISK, "reject": RISK, "disburse": FINANCE, "write_off": FINANCE | RISK},
    ),
    "loans.loanrepaymentstatus": Access(EVERY_DESK),
    "loans.workerearnings": Access(FINANCE | RISK),
    "loans.workerriskassessment": Access(FINANCE | RISK),
    # What happened, and whether all is well
    "audit.auditlog": Access(EVERY_DESK),
    "audit.personalchange": Access(EVERY_DESK),
    "audit.staffmovement": Access(DESKS),
    "audit.auditseal": Access(NOBODY),
    "audit.claim": Access(EVERY_DESK),
    # Whoever decides holds the permission of what is asked for as well.
    "audit.approval": Access(DESKS, actions={"approve": DESKS, "refuse": DESKS, "withdraw": DESKS}),
    "audit.limitchange": Access(DESKS, actions={"set": FINANCE | RISK}),
    "audit.bookcheck": Access(DESKS),
    "audit.jobheartbeat": Access(OPERATIONS | FINANCE, actions={"run_now": OPERATIONS}),
    "audit.letter": Access(OPERATIONS | SUPPORT),
    "audit.answeredrequest": Access(OPERATIONS),
    # The staff themselves: superusers keep them, two by two where somebody is given access.
    "auth.user": Access(
        NOBODY,
        actions={"grant": NOBODY, "take_away": NOBODY, "reset_access": NOBODY, "change_email": NOBODY},
    ),
    "auth.group": Access(NOBODY),
}


def viewers(label: str) -> Roles:
    """The roles that see the rows of the model, as in "loans.loan". Of one that is not in the table, only
    auditors do."""
    access = ACCESS.get(label)
    return (access.view if access else NOBODY) | {Role.AUDITOR}


def operators(label: str, action: str) -> Roles:
    """The roles that may use the action on rows of the model; nobody where the table does not say."""
    access = ACCESS.get(label)
    return access.actions.get(action, NOBODY) if access else NOBODY


def permissions() -> Iterator[tuple[str, str, Roles]]:
    """Model, codename and holders of every permission that the table makes beyond Django's own."""
    for label, access in ACCESS.items():
        name = label.partition(".")[2]
        yield from ((label, f"{action}_{name}", roles) for action, roles in access.actions.items())
    app, _, codename = SEE_PERSONAL_DATA.partition(".")
    yield f"{app}.worker", codename, DESKS | {Role.AUDITOR}
    app, _, codename = MAY_EXPORT.partition(".")
    yield f"{app}.auditlog", codename, DESKS | {Role.AUDITOR}


def keep_in_step(apps: Any) -> None:
    """The groups have exactly the permissions of the table, whatever models there are by now.

    `apps` is the state of the models to work with. Safe to run again and again.
    """
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    Group.objects.bulk_create([Group(name=role) for role in Role], ignore_conflicts=True)
    _make_permissions(apps)
    groups = dict(Group.objects.filter(name__in=Role.values).values_list("name", "pk"))
    wanted = {
        (groups[role], pk)
        for pk, label, codename in _every_permission(Permission)
        for role in holders(label, codename)
    }
    Held = Group.permissions.through
    held = {
        (group, permission): pk
        for pk, group, permission in Held.objects.filter(group__in=groups.values()).values_list(
            "pk", "group_id", "permission_id"
        )
    }
    Held.objects.filter(pk__in=[held[pair] for pair in held.keys() - wanted]).delete()
    missing = [Held(group_id=group, permission_id=pk) for group, pk in wanted - held.keys()]
    Held.objects.bulk_create(missing, ignore_conflicts=True)


def holders(label: str, codename: str) -> Roles:
    """The roles that hold the permission: to view, to change, or for an action of the model."""
    name = label.partition(".")[2]
    if codename == f"view_{name}":
        return viewers(label)
    if codename == f"change_{name}":
        return ACCESS[label].change if label in ACCESS else NOBODY
    return _own_permissions().get((label, codename), NOBODY)


@cache
def _own_permissions() -> dict[tuple[str, str], Roles]:
    return {(model, codename): roles for model, codename, roles in permissions()}


def _every_permission(permission: Any) -> Iterable[tuple[int, str, str]]:
    rows = permission.objects.values_list("pk", "content_type__app_label", "content_type__model", "codename")
    return ((pk, f"{app}.{model}", codename) for pk, app, model, codename in rows)


def _make_permissions(apps: Any) -> None:
    """The permissions for actions exist, wherever their models do."""
    Permission, ContentType = (
        apps.get_model("auth", "Permission"),
        apps.get_model("contenttypes", "ContentType"),
    )
    kinds = {
        f"{app}.{model}": pk for pk, app, model in ContentType.objects.values_list("pk", "app_label", "model")
    }
    rows = [
        Permission(content_type_id=kinds[label], codename=codename, name=f"Can {codename.replace('_', ' ')}")
        for label, codename, _ in permissions()
        if label in kinds
    ]
    Permission.objects.bulk_create(rows, ignore_conflicts=True)
