"""Roles are groups that follow the table, and whom personal data are hidden from sees none anywhere."""

import io
import zipfile

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from gigstream.core.people import masking
from gigstream.staff import roles
from tests.support.factories import WorkerFactory, running_stream
from tests.support.pages.addresses import timeline_text
from tests.support.pages.admin import act
from workers.models import Worker

pytestmark = pytest.mark.django_db


def member(role: str) -> tuple[User, Client]:
    user = User.objects.create_user(role, password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return user, client


def held() -> set[tuple[str, str]]:
    through = Group.permissions.through.objects
    return set(through.values_list("group__name", "permission__codename"))


def test_each_group_may_do_what_the_table_says_and_nothing_else():
    by_hand = {
        (role, permission.codename)
        for permission in Permission.objects.select_related("content_type")
        for role in roles.roles_holding(
            f"{permission.content_type.app_label}.{permission.content_type.model}", permission.codename
        )
    }

    assert held() == by_hand
    assert ("risk", "approve_loan") in by_hand
    assert ("finance", "disburse_loan") in by_hand
    assert {codename for role, codename in by_hand if role == "auditor"} >= {"view_auditseal", "view_user"}
    assert not any(codename.startswith(("add_", "delete_")) for _, codename in by_hand)


def test_what_was_changed_by_hand_is_put_right_and_nothing_else_is_touched(django_assert_max_num_queries):
    before = held()
    support = Group.objects.get(name="support")
    support.permissions.add(Permission.objects.get(codename="view_ledgerentry"))
    Group.objects.get(name="finance").permissions.clear()
    Group.objects.get(name="auditor").delete()
    own = Group.objects.create(name="of the house's own")
    own.permissions.add(Permission.objects.get(codename="view_task"))

    with django_assert_max_num_queries(12):
        roles.sync_permissions(apps)

    assert held() == before | {("of the house's own", "view_task")}


def test_emptied_tables_have_their_roles_again():
    before = held()

    call_command("flush", interactive=False, verbosity=0)

    assert held() == before


@pytest.mark.parametrize(
    "role, may",
    [
        ("operations", {"pause", "resume", "take_up_again", "cancel"}),
        ("finance", {"cancel"}),
        ("support", set()),
        ("auditor", set()),
    ],
)
def test_a_page_offers_the_actions_of_the_role(role, may, rf):
    user, _ = member(role)
    request = rf.get("/")
    request.user = user

    options = admin.site.get_model_admin(apps.get_model("payments.Stream"))

    assert set(options.get_actions(request)) == may
    assert options.has_operate_permission(request) == bool(may)
    assert options.has_operate_permission(request, "pause") == ("pause" in may)


# --- Personal data ------------------------------------------------------------------------------------------
ALICE = {
    "email": "alice.johnson@example.com",
    "wallet_address": f"0x{'ab' * 20}",
    "full_name": "Alice Johnson",
}
PHONE = "+49 170 1234567"


@pytest.fixture
def alice() -> Worker:
    worker = WorkerFactory(
        email=ALICE["email"], full_name=ALICE["full_name"], wallet_address=ALICE["wallet_address"]
    )
    Worker.objects.filter(pk=worker.pk).update(metadata={"note": f"call {PHONE} or {ALICE['email']}"})
    running_stream(worker)
    return worker


def urls_about(worker: Worker) -> list[str]:
    stream_task = worker.tasks.get()
    rows = [worker, stream_task, stream_task.stream, stream_task.platform]
    pages = [
        reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk]) for row in rows
    ]
    lists = [reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_changelist") for row in rows]
    found = [
        f"{lists[0]}?q={ALICE['email']}",
        f"{lists[0]}?q={ALICE['wallet_address']}",
        f"{lists[1]}?q={worker.pk}",
    ]
    return [*pages, *lists, *found, f"{lists[1]}?worker={worker.pk}", reverse("admin:index")]


def test_support_sees_whom_it_helps_without_their_data(alice):
    _, client = member("support")

    for url in urls_about(alice):
        html = client.get(url).content.decode()
        for hidden in (*ALICE.values(), PHONE, "Johnson"):
            assert hidden not in html, url
    page = client.get(reverse("admin:workers_worker_change", args=[alice.pk])).content.decode()
    for left in ("Alice J.", "a…@example.com", "0xabab…abab"):
        assert left in page


def test_support_reads_who_of_their_colleagues_acted(alice):
    User.objects.create_superuser("ann@example.org", "ann@example.com")
    colleague, client = Client(), member("support")[1]
    colleague.force_login(User.objects.get(username="ann@example.org"))
    act(colleague, "suspend", alice, reason="ann@example.com wrote to bob@example.com")

    text = timeline_text(client, alice)

    assert "ann@example.org" in text
    assert "ann@example.com wrote to b…@example.com" in text


def test_support_takes_no_files_and_would_find_them_masked(alice):
    user, client = member("support")
    assert client.post(reverse("admin:payments_activestream_export_csv")).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="export_lists"))
    kept = [value.encode() for value in (*ALICE.values(), PHONE)]
    for kind in ("csv", "xlsx"):
        response = client.post(reverse(f"admin:payments_activestream_export_{kind}"), follow=True)
        file = b"".join(response.streaming_content) if response.streaming else response.content
        if kind == "xlsx":
            with zipfile.ZipFile(io.BytesIO(file)) as parts:
                file = b"".join(parts.read(name) for name in parts.namelist())
        assert b"Alice J." in file, kind
        assert not any(value in file for value in kept), kind


def test_others_see_them(alice):
    _, client = member("operations")

    page = client.get(reverse("admin:workers_worker_change", args=[alice.pk])).content.decode()

    for value in ALICE.values():
        assert value in page


def test_support_finds_a_worker_by_what_the_worker_says(alice):
    _, client = member("support")
    for term in (ALICE["email"], ALICE["wallet_address"], "alice johnson", str(alice.pk)):
        response = client.get(reverse("admin:workers_worker_changelist"), {"q": term})
        assert [row.pk for row in response.context["cl"].result_list] == [alice.pk], term
    for term in ("alice.johnson@e", "ice john"):
        response = client.get(reverse("admin:workers_worker_changelist"), {"q": term})
        assert response.context["cl"].result_count == 0, term


@pytest.mark.parametrize(
    "lookup", ["email__startswith", "wallet_address__startswith", "full_name__icontains"]
)
def test_support_cannot_guess_hidden_values_letter_by_letter(alice, lookup):
    _, client = member("support")
    response = client.get(reverse("admin:workers_worker_changelist"), {lookup: "a"})
    assert response.status_code == 400


@pytest.mark.parametrize("lookup", ["password_hash__startswith", "wallet_id__startswith"])
def test_nobody_can_guess_secrets_letter_by_letter(alice, lookup, admin_client):
    response = admin_client.get(reverse("admin:workers_worker_changelist"), {lookup: "b"})
    assert response.status_code == 400


def test_a_value_is_shown_whole_outside_of_a_request():
    assert masking.mask_value("email", "alice@example.com") == "alice@example.com"
    with masking.hide_personal_data(True):
        assert masking.mask_value("email", "alice@example.com") == "a…@example.com"
        assert masking.mask_value("full_name", "Alice van Johnson") == "Alice J."
        assert masking.mask_value("ip_address", "203.0.113.7") == "203…"
        assert masking.mask_value("email", None) is None


@pytest.mark.parametrize(
    "text, left",
    [
        ("write to bob@example.com.", "write to b…@example.com."),
        ("o&#x27;brien@example.co.uk", "o&#x27;b…@example.co.uk"),
        (f"to 0x{'AB' * 20}, now", "to 0xABAB…ABAB, now"),
        (f"tx 0x{'ab' * 32}", f"tx 0x{'ab' * 32}"),
        ("call +1 (555) 010-9999!", "call +1 …99!"),
        ("at 2026-01-02T03:04:05+00:00", "at 2026-01-02T03:04:05+00:00"),
        ("me@gigstream.example", "me@gigstream.example"),
    ],
)
def test_texts_lose_what_has_the_form_of_personal_data(text, left):
    known = {"me@gigstream.example"}
    assert masking.mask_text(text, known=known) == left
    assert masking.mask_text(left, known=known) == left
