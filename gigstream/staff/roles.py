"""Roles of staff: the table of their permissions, and its transfer to the database.

A role is a group. Membership is the only way to a permission, except for superusers, who have all of them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db import models

from gigstream.adminkit.list_exports import MAY_EXPORT
from gigstream.core.people.masking import SEE_PERSONAL_DATA


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
    """Roles that may view a model's rows, change the editable fields of its page (or, where the page offers
    no action, add rows), and use each of its actions. Auditors view all rows and change nothing, so no entry
    names them."""

    view: Roles
    change: Roles = NOBODY
    actions: dict[str, Roles] = field(default_factory=dict)


ACCESS: dict[str, Access] = {
    # Workers and their sign-in
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
    "gigstream_sign_in.signinattempts": Access(OPERATIONS | RISK),
    "workers.registration": Access(OPERATIONS | SUPPORT),
    "workers.passwordreset": Access(OPERATIONS | SUPPORT),
    "workers.walletchange": Access(OPERATIONS | RISK | SUPPORT),
    "workers.walletnonce": Access(RISK),
    "workers.chainidentity": Access(OPERATIONS | RISK | SUPPORT),
    "workers.socialaccount": Access(OPERATIONS | RISK | SUPPORT),
    "workers.socialauthorization": Access(RISK),
    "workers.socialconflict": Access(OPERATIONS | RISK),
    # Platforms and their tasks
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
            "stop_payouts": DESKS,
            "let_payouts_go_on": OPERATIONS | FINANCE,
            "set_usage_rule": RISK,
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
    "platforms.platformevent": Access(OPERATIONS, actions={"replay": OPERATIONS}),
    "platforms.eventcounter": Access(OPERATIONS),
    "platforms.webhookendpoint": Access(OPERATIONS | SUPPORT),
    "platforms.webhookdelivery": Access(OPERATIONS | SUPPORT, actions={"replay": OPERATIONS}),
    "platforms.creatorprofile": Access(EVERY_DESK),
    "platforms.work": Access(EVERY_DESK),
    "platforms.workrate": Access(EVERY_DESK),
    "platforms.workmove": Access(EVERY_DESK),
    "platforms.collection": Access(EVERY_DESK),
    "platforms.collectionwork": Access(EVERY_DESK),
    "platforms.follow": Access(EVERY_DESK),
    "platforms.listener": Access(OPERATIONS),
    "platforms.listenerkey": Access(OPERATIONS),
    "platforms.usageevent": Access(OPERATIONS | RISK),
    "platforms.usagebatch": Access(OPERATIONS | RISK),
    "platforms.usagereceipt": Access(EVERY_DESK),
    "platforms.receiptchain": Access(OPERATIONS),
    "platforms.signingkey": Access(OPERATIONS, actions={"rotate": OPERATIONS}),
    "platforms.usagecorrection": Access(EVERY_DESK),
    "platforms.correctedevent": Access(OPERATIONS | RISK),
    "platforms.usageexclusion": Access(OPERATIONS | RISK),
    "platforms.usagearchive": Access(OPERATIONS),
    "platforms.usagestorebatch": Access(OPERATIONS),
    "platforms.usagestoreswitch": Access(OPERATIONS),
    "platforms.workday": Access(EVERY_DESK),
    "platforms.creatorday": Access(EVERY_DESK),
    "platforms.platformday": Access(EVERY_DESK),
    "platforms.usagerule": Access(OPERATIONS | RISK | SUPPORT),
    "platforms.usagefinding": Access(EVERY_DESK, actions={"confirm": RISK, "dismiss": RISK}),
    "platforms.usagemark": Access(OPERATIONS | RISK),
    # Pay of creators
    "payments.royaltyterms": Access(OPERATIONS | FINANCE | SUPPORT),
    "payments.royaltyperiod": Access(OPERATIONS | FINANCE | SUPPORT),
    "payments.periodpay": Access(OPERATIONS | FINANCE | SUPPORT),
    "payments.dailyaccrual": Access(OPERATIONS | FINANCE | SUPPORT),
    "payments.daytoaccrue": Access(OPERATIONS | FINANCE),
    "payments.carriedbalance": Access(OPERATIONS | FINANCE | SUPPORT),
    "payments.periodfunding": Access(FINANCE),
    "payments.royaltypayment": Access(OPERATIONS | FINANCE | SUPPORT),
    "payments.statement": Access(OPERATIONS | FINANCE | SUPPORT),
    "payments.distribution": Access(
        EVERY_DESK, actions={"approve": FINANCE, "recount": FINANCE, "cancel": FINANCE}
    ),
    "payments.distributionshare": Access(OPERATIONS | FINANCE | SUPPORT),
    "payments.pool": Access(EVERY_DESK, actions={"close": FINANCE}),
    "payments.poolmember": Access(OPERATIONS | FINANCE | SUPPORT),
    "payments.poolwrite": Access(OPERATIONS | FINANCE),
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
            "hold_payouts": DESKS,
            "release": OPERATIONS | FINANCE,
            "stop": OPERATIONS | FINANCE,
            "offer_again": OPERATIONS,
            "look_for": OPERATIONS | FINANCE,
            "accelerate": OPERATIONS | FINANCE,
            "request_cancellation": OPERATIONS | FINANCE,
        },
    ),
    "payments.account": Access(EVERY_DESK, actions={"adjust": FINANCE}),
    "payments.ledgerentry": Access(DESKS),
    "payments.reportedearning": Access(DESKS),
    "payments.adjustment": Access(FINANCE),
    "payments.payouthold": Access(EVERY_DESK, actions={"end": DESKS}),
    "payments.payoutholdpart": Access(DESKS),
    "payments.coveredparts": Access(DESKS),
    "payments.coveredtask": Access(EVERY_DESK),
    "payments.platformpayout": Access(EVERY_DESK),
    "payments.transactionday": Access(DESKS),
    "payments.platformrewards": Access(DESKS),
    "payments.dailytransactionsummary": Access(DESKS),
    "payments.platformperformance": Access(DESKS),
    # Settlement
    "payments.settlementattempt": Access(OPERATIONS | FINANCE),
    "payments.providernotification": Access(OPERATIONS | FINANCE),
    "gigstream_remote_calls.circuitbreaker": Access(DESKS),
    "payments.paymentswitch": Access(DESKS, actions={"stop": DESKS, "go_on": OPERATIONS | FINANCE}),
    "payments.reconciliation": Access(OPERATIONS | FINANCE),
    "payments.discrepancy": Access(OPERATIONS | FINANCE, actions={"explain": FINANCE}),
    "payments.observedtransfer": Access(OPERATIONS | FINANCE, actions={"credit": OPERATIONS | FINANCE}),
    "payments.chaincursor": Access(OPERATIONS | FINANCE),
    "payments.walletorder": Access(OPERATIONS | FINANCE),
    "payments.sandboxwallet": Access(OPERATIONS),
    "payments.sandboxtransfer": Access(OPERATIONS),
    "payments.sandboxfault": Access(OPERATIONS),
    # Records on the chain
    "payments.chainoperation": Access(EVERY_DESK, actions={"retry": OPERATIONS}),
    "payments.chainattempt": Access(OPERATIONS | FINANCE),
    "payments.creatorsync": Access(EVERY_DESK),
    "payments.operationcreator": Access(EVERY_DESK),
    "payments.gasspending": Access(OPERATIONS | FINANCE),
    "payments.gasalarm": Access(OPERATIONS | FINANCE),
    "payments.signeraccount": Access(OPERATIONS | FINANCE),
    "payments.signedcall": Access(OPERATIONS | FINANCE),
    "payments.signedversion": Access(OPERATIONS | FINANCE),
    # Reputation and advances
    "reputation.reputationevent": Access(EVERY_DESK),
    "reputation.reputationhistory": Access(EVERY_DESK),
    "reputation.pointsentry": Access(EVERY_DESK, actions={"reverse": OPERATIONS | RISK}),
    "reputation.pointsbalance": Access(EVERY_DESK),
    "reputation.quest": Access(
        EVERY_DESK,
        actions={
            "pause": OPERATIONS | RISK,
            "open": OPERATIONS | RISK,
            "close": OPERATIONS,
            "set_outflow_limit": FINANCE | RISK,
        },
    ),
    "reputation.questevent": Access(
        EVERY_DESK, actions={"let_go": RISK, "keep": RISK, "try_again": OPERATIONS | RISK}
    ),
    "reputation.reservation": Access(EVERY_DESK),
    "reputation.questfunding": Access(EVERY_DESK),
    "reputation.questcount": Access(EVERY_DESK),
    "reputation.chainproof": Access(EVERY_DESK),
    "reputation.referral": Access(EVERY_DESK),
    "reputation.questoutflow": Access(EVERY_DESK),
    "reputation.workeroutflow": Access(EVERY_DESK),
    "reputation.cluster": Access(OPERATIONS | RISK | SUPPORT, actions={"clear": RISK, "end_clearing": RISK}),
    "reputation.clustermember": Access(OPERATIONS | RISK | SUPPORT),
    "reputation.workertie": Access(OPERATIONS | RISK),
    "reputation.clearing": Access(OPERATIONS | RISK | SUPPORT),
    "reputation.checkin": Access(EVERY_DESK),
    "reputation.streakpause": Access(EVERY_DESK),
    "reputation.streakzone": Access(EVERY_DESK),
    "reputation.outage": Access(EVERY_DESK, actions={"declare": OPERATIONS}),
    "reputation.submission": Access(
        EVERY_DESK, actions={"approve": OPERATIONS | RISK, "reject": OPERATIONS | RISK}
    ),
    "reputation.submissionreview": Access(EVERY_DESK),
    "reputation.milestonerule": Access(
        EVERY_DESK,
        actions={"create": OPERATIONS | RISK, "revise": OPERATIONS | RISK, "retire": OPERATIONS | RISK},
    ),
    "reputation.milestonecondition": Access(EVERY_DESK),
    "reputation.creatormilestone": Access(EVERY_DESK, actions={"try_again": OPERATIONS}),
    "reputation.creatortotal": Access(EVERY_DESK),
    "reputation.tokenvalue": Access(EVERY_DESK),
    "loans.loan": Access(
        EVERY_DESK,
        actions={"approve": RISK, "reject": RISK, "disburse": FINANCE, "write_off": FINANCE | RISK},
    ),
    "loans.loanrepaymentstatus": Access(EVERY_DESK),
    "loans.workerearnings": Access(FINANCE | RISK),
    "loans.workerriskassessment": Access(FINANCE | RISK),
    # Audit and operations
    "audit.auditlog": Access(EVERY_DESK),
    "audit.decision": Access(EVERY_DESK),
    "audit.personalchange": Access(EVERY_DESK),
    "audit.staffmovement": Access(DESKS),
    "audit.auditseal": Access(NOBODY),
    "audit.claim": Access(EVERY_DESK),
    # Each about objects that the reader may see.
    "audit.note": Access(EVERY_DESK, change=EVERY_DESK),
    "audit.notemention": Access(EVERY_DESK),
    "audit.notefile": Access(EVERY_DESK),
    "audit.assignment": Access(EVERY_DESK, change=EVERY_DESK),
    # Everybody reads their own notices on a page of their own.
    "audit.notice": Access(NOBODY),
    "audit.noticepreference": Access(NOBODY),
    # A decision needs the permission of the requested act as well.
    "audit.approval": Access(DESKS, actions={"approve": DESKS, "refuse": DESKS, "withdraw": DESKS}),
    "audit.limitchange": Access(DESKS, actions={"set": FINANCE | RISK}),
    "audit.bookcheck": Access(DESKS),
    "gigstream_jobs.jobheartbeat": Access(OPERATIONS | FINANCE, actions={"run_now": OPERATIONS}),
    # Everybody opens shared views above their lists; the list of them all is for who looks after them.
    "gigstream_saved_views.savedview": Access(NOBODY),
    "gigstream_letters.letter": Access(OPERATIONS | SUPPORT),
    "gigstream_api.answeredrequest": Access(OPERATIONS),
    # Staff: managed by superusers, two of them for a grant of access.
    "auth.user": Access(
        NOBODY,
        actions={"grant": NOBODY, "take_away": NOBODY, "reset_access": NOBODY, "change_email": NOBODY},
    ),
    "auth.group": Access(NOBODY),
}


def roles_viewing(label: str) -> Roles:
    """Return the roles that may view a model, given as "loans.loan"; auditors alone if the table lacks it."""
    access = ACCESS.get(label)
    return (access.view if access else NOBODY) | {Role.AUDITOR}


def roles_operating(label: str, action: str) -> Roles:
    """Return the roles that may use an action on a model; none if the table lacks it."""
    access = ACCESS.get(label)
    return access.actions.get(action, NOBODY) if access else NOBODY


def action_permissions() -> Iterator[tuple[str, str, Roles]]:
    """Yield model, codename and roles of each permission that the table adds to Django's own."""
    for label, access in ACCESS.items():
        name = label.partition(".")[2]
        yield from ((label, f"{action}_{name}", roles) for action, roles in access.actions.items())
    app, _, codename = SEE_PERSONAL_DATA.partition(".")
    yield f"{app}.worker", codename, DESKS | {Role.AUDITOR}
    app, _, codename = MAY_EXPORT.partition(".")
    yield f"{app}.auditlog", codename, DESKS | {Role.AUDITOR}


def sync_permissions(apps: Any) -> None:
    """Give the groups exactly the permissions of the table, for the models that exist.

    `apps` is the state of the models to work with. Running it again changes nothing.
    """
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    Group.objects.bulk_create([Group(name=role) for role in Role], ignore_conflicts=True)
    _make_permissions(apps)
    groups = dict(Group.objects.filter(name__in=Role.values).values_list("name", "pk"))
    wanted = {
        (groups[role], pk)
        for pk, label, codename in _every_permission(Permission)
        for role in roles_holding(label, codename)
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


def roles_holding(label: str, codename: str) -> Roles:
    """Return the roles that hold a permission to view, to change, or to use an action of the model."""
    name = label.partition(".")[2]
    if codename == f"view_{name}":
        return roles_viewing(label)
    if codename == f"change_{name}":
        return ACCESS[label].change if label in ACCESS else NOBODY
    return _own_permissions().get((label, codename), NOBODY)


def roles_with(permissions: Iterable[str]) -> list[str]:
    """Return the names of the roles that hold all of these permissions, given as "loans.approve_loan"."""
    held = [_roles_with_one(permission) for permission in permissions]
    return [role.value for role in Role if all(role in roles for roles in held)]


def _roles_with_one(permission: str) -> Roles:
    app, _, codename = permission.partition(".")
    return roles_holding(f"{app}.{codename.rpartition('_')[2]}", codename)


@cache
def _own_permissions() -> dict[tuple[str, str], Roles]:
    return {(model, codename): roles for model, codename, roles in action_permissions()}


def _every_permission(permission: Any) -> Iterable[tuple[int, str, str]]:
    rows = permission.objects.values_list("pk", "content_type__app_label", "content_type__model", "codename")
    return ((pk, f"{app}.{model}", codename) for pk, app, model, codename in rows)


def _make_permissions(apps: Any) -> None:
    """Create the missing permissions for actions of the models that exist."""
    Permission, ContentType = (
        apps.get_model("auth", "Permission"),
        apps.get_model("contenttypes", "ContentType"),
    )
    kinds = {
        f"{app}.{model}": pk for pk, app, model in ContentType.objects.values_list("pk", "app_label", "model")
    }
    rows = [
        Permission(content_type_id=kinds[label], codename=codename, name=f"Can {codename.replace('_', ' ')}")
        for label, codename, _ in action_permissions()
        if label in kinds
    ]
    Permission.objects.bulk_create(rows, ignore_conflicts=True)
