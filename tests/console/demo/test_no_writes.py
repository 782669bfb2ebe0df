"""Forms write nothing about money, and no line of a log: every address of staff is tried."""

import re

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Group, User
from django.urls import get_resolver, reverse

from audit.limits import services as limits
from audit.models import AuditLog
from gigstream.adminkit import ProfileAdmin
from gigstream.adminkit.actions.pages import CONFIRMED, SEEN
from gigstream.adminkit.actions.states import state_of
from gigstream.console.queues import QUEUES
from gigstream.staff import roles, services
from tests.support.database.snapshots import everything
from tests.support.pages.admin import page_of_act
from tests.support.pages.seeded import SUPERUSER, signed_in
from workers.models import Worker

pytestmark = pytest.mark.long_form

# Sessions, the staff's own accounts and their tries; requests for jobs; who has an item of a queue.
OF_STAFF = (
    *("django_session", "auth_user", "auth_group", "auth_group_permissions", "auth_user_groups"),
    *("auth_user_user_permissions", "staff_authenticators", "staff_recovery_codes", "sign_in_attempts"),
    *("job_heartbeats", "claims", "audit_logs"),
)
# Lines about a look or a claim; none of them is about a change of money.
RECORDED = re.compile(
    r"[a-z_]+\.export|claim\.[a-z_]+|[a-z_]+\.claim|[a-z_]+\.release_claim|job\.[a-z_]+|staff\.[a-z_]+"
)
ENDS_THE_WALK = {"logout", "login"}


def forged(model, row):
    """Return a value for every column and every button, but keep the values that the form itself may
    correct."""
    fields = {field.name: "1" for field in model._meta.concrete_fields}
    fields |= {
        "status": "cancelled",
        "amount": "1000000",
        "fee_bps": "0",
        "is_active": "",
        "email": "m@evil.example",
    }
    options = admin.site.get_model_admin(model)
    if isinstance(options, ProfileAdmin):
        fields |= {name: str(getattr(row, name)) for name in options.editable}
    fields.pop("username", None)
    return {**fields, "_save": "1", "post": "yes", "confirm": "yes", "reason": "because I say so"}


def addresses(rows):
    """Yield every address of the staff's pages, and the row that each is about."""
    for model, row in rows.items():
        name = f"admin:{model._meta.label_lower.replace('.', '_')}"
        for view in ("change", "delete", "history"):
            yield reverse(f"{name}_{view}", args=[quote(str(row.pk))]), model, row
        for view in ("changelist", "add"):
            yield reverse(f"{name}_{view}"), model, row
    worker = Worker.objects.first()
    for path in other_paths():
        for slug in [queue.slug for queue in QUEUES] if "<slug:slug>" in path else [""]:
            filled = re.sub(r"<(\w+:)?\w*id>", str(worker.pk), path).replace("<slug:slug>", slug)
            yield "/" + re.sub(r"<[^>]+>", "check_books", filled), Worker, worker


def other_paths():
    """Yield the addresses that belong to no single model's list, form, deletion or history."""
    usual = re.compile(r"admin/\w+/\w+/(<path:object_id>/.*|add/|<path:object_id>)?$")
    for path, name in routes(get_resolver().url_patterns, ""):
        ours = path.startswith(("admin/", "integrity"))
        if (
            ours
            and not usual.fullmatch(path)
            and name not in ENDS_THE_WALK
            and "^" not in path
            and "(" not in path
        ):
            yield path


def routes(patterns, before):
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from routes(pattern.url_patterns, before + str(pattern.pattern))
        else:
            yield before + str(pattern.pattern), pattern.name


def logins(among=None):
    """Return the credentials and the permissions of the users."""
    users = User.objects.all() if among is None else User.objects.filter(pk__in=among)
    return {user.pk: (user.password, user.email, services.access_of(user)) for user in users}


@pytest.fixture
def before(demo):
    """The state after a first look, which makes the rows of first looks; then nothing may change."""
    limits.list_limits()
    return everything(besides=OF_STAFF), AuditLog.objects.latest("id").pk, logins()


def require_unchanged(before):
    tables, last, could = before
    after = everything(besides=OF_STAFF)
    assert {name for name in after if after[name] != tables[name]} == set()
    assert logins(could) == could
    written = set(AuditLog.objects.filter(pk__gt=last).values_list("action", flat=True))
    assert {action for action in written if not RECORDED.fullmatch(action)} == set()


def all_in_one():
    """Return a client of a member of all groups, who may do all that any role may."""
    user = User.objects.create_user("everything", password="x", is_staff=True)
    user.groups.set(Group.objects.all())
    return signed_in(user)


@pytest.mark.django_db
def test_the_walk_knows_every_address():
    paths = set(other_paths())
    assert {"admin/search/", "admin/second-factor/", "admin/queues/<slug:slug>/claim/"} <= paths
    assert len(paths) > 20


@pytest.mark.usefixtures("without_the_menu")
def test_no_form_writes_money_or_logs_whoever_posts_whatever(demo, before, caplog):
    caplog.set_level("CRITICAL", logger="django.request")
    whole = list(addresses(demo.rows))
    walks = {
        "a superuser": (demo.clients[SUPERUSER], whole),
        "all roles in one": (all_in_one(), whole),
    }
    for client, forms in walks.values():
        broken = []
        for url, model, row in forms:
            form = forged(model, row)
            form |= {"action": "delete_selected", "_selected_action": str(row.pk), "index": "0"}
            if client.post(url, form).status_code >= 500:
                broken.append(url)
        require_unchanged(before)
        assert broken == []
        assert client.get(reverse("admin:index")).status_code == 200


@pytest.mark.usefixtures("without_the_menu")
def test_no_action_is_done_for_whom_the_table_does_not_name(demo, before, caplog):
    caplog.set_level("CRITICAL", logger="django.request")
    last = before[1]
    for model, row in demo.rows.items():
        label = model._meta.label_lower
        for action in roles.ACCESS[label].actions:
            others = sorted(set(roles.Role.values) - set(roles.roles_operating(label, action)))
            for role in others:
                form = {"action": action, "_selected_action": str(row.pk), "index": "0"}
                form |= {"post": "yes", "confirm": "yes", "reason": "because I say so"}
                form |= {CONFIRMED: "a" * 32, SEEN: f"{row.pk}:{state_of(row)}"}
                demo.clients[role].post(reverse(f"admin:{label.replace('.', '_')}_changelist"), form)
                demo.clients[role].post(page_of_act(action, row), form)

    require_unchanged(before)
    assert not AuditLog.objects.filter(pk__gt=last).exists()
