"""Grants of access: nobody gives it alone, neither to others nor to a second account of theirs, and nobody
becomes another."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from audit.approvals import services as approvals
from audit.approvals.errors import NotPermitted
from audit.log.errors import ReasonMissing
from audit.models import Approval, AuditLog, PersonalChange
from audit.personal_changes.calculations import digest_of
from gigstream.core.clock import database_now
from gigstream.sign_in.errors import WeakPassword
from gigstream.staff import services
from gigstream.staff.errors import CodeRefused, NoAddress, NothingToDo
from gigstream.staff.models import Authenticator, PasswordCode, RecoveryCodes
from tests.support.pages.admin import act, answer, ask, member, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_the_menu")]

PASSWORD = "a long passphrase of carol's"
CHOOSE, LOGIN = "/admin/choose-password/", "/admin/login/"
ALL_POWER = {
    "is_active": "on",
    "is_staff": "on",
    "is_superuser": "on",
    "password": "x",
    "password1": PASSWORD,
    "password2": PASSWORD,
    "usable_password": "true",
    "email": "ann@evil.example",
}


@pytest.fixture(autouse=True)
def calm():
    cache.clear()


@pytest.fixture
def ann():
    return member("ann")


@pytest.fixture
def bob():
    return member("bob")


def carol(**columns) -> User:
    given = {"email": "carol@gigstream.example", "password": PASSWORD, "is_staff": True, **columns}
    return User.objects.create_user("carol", **given)


def code_sent(now=None) -> str:
    assert services.send_codes(now=now) == 1
    return re.search(r"Code: (gc_\S+)", mail.outbox[-1].body)[1]


def choose(client: Client, code: str, password: str) -> int:
    form = {"code": code, "password1": password, "password2": password}
    return client.post(CHOOSE, form).status_code


def may_log_in(password: str) -> bool:
    return Client().post(LOGIN, {"username": "carol", "password": password}).status_code == 302


def approved(one, **given) -> Approval:
    """Return the request that waits, after this person has approved it."""
    return one.does(approvals.approve, approval_id=Approval.objects.get(decision=None).pk, **given)


def logins():
    return {
        user.username: (user.password, user.email, services.access_of(user)) for user in User.objects.all()
    }


def test_somebody_new_comes_in_when_two_have_let_them_and_chooses_the_password(ann, bob):
    form = {"username": "carol", "first_name": "Carol", "last_name": "Smith"}
    add = reverse("admin:auth_user_add")
    assert "This field is required" in ann.client.post(add, form).content.decode()
    ann.client.post(add, {**form, "email": "carol@gigstream.example"})
    user = User.objects.get(username="carol")
    assert (services.access_of(user), user.has_usable_password()) == (["active"], False)

    assert "waits for a second person" in told(act(ann.client, "grant", user, access=["role:finance"]))[0]
    approval = Approval.objects.get()
    assert "another person decides" in told(act(ann.client, "approve", approval))[0]
    assert services.access_of(user) == ["active"]
    page = ask(bob.client, "approve", approval).content.decode()
    for words in ("Carol Smith", "carol@gigstream.example", "role finance; member of staff"):
        assert words in page
    assert "was approved and done" in told(act(bob.client, "approve", approval))[0]

    user.refresh_from_db()
    assert services.access_of(user) == ["active", "role:finance", "staff"]
    code = code_sent()
    assert mail.outbox[-1].to == ["carol@gigstream.example"]
    assert code not in str(list(PasswordCode.objects.values()))
    assert choose(Client(), code, "carol") == 200
    assert choose(Client(), f"{code}x", PASSWORD) == 200
    assert not may_log_in(PASSWORD)
    assert choose(Client(), code, PASSWORD) == 302
    assert choose(Client(), code, f"{PASSWORD}, once more") == 200
    assert may_log_in(PASSWORD)
    lines = AuditLog.objects.filter(resource_type="user", resource_id=str(user.pk), success=True)
    assert list(lines.order_by("id").values_list("action", "actor_id")) == [
        ("staff.add", str(ann.user.pk)),
        ("approval.request", str(ann.user.pk)),
        ("staff.grant", str(bob.user.pk)),
        ("approval.approve", str(bob.user.pk)),
        ("staff.choose_password", str(user.pk)),
        ("staff.sign_in", str(user.pk)),
    ]


def test_no_forged_form_gives_one_person_power(ann, bob):
    """Forms that once gave power, and pages that need a second person, sent by a superuser alone."""
    user, before = carol(is_staff=False), logins()
    everyone = Group.objects.values_list("pk", flat=True)
    forged = {
        **ALL_POWER,
        "groups": list(everyone),
        "user_permissions": list(Permission.objects.values_list("pk", flat=True)[:50]),
    }
    for one in (user, ann.user, bob.user):
        own = reverse("admin:auth_user_change", args=[one.pk])
        ann.client.post(own, {**forged, "username": "eve", "first_name": "E", "last_name": ""})
        ann.client.post(own.replace("change", "password"), forged)
    ann.client.post(reverse("admin:auth_user_changelist"), {**forged, "form-0-is_staff": "on"})
    group = Group.objects.get(name="support")
    may = group.permissions.count()
    ann.client.post(reverse("admin:auth_group_change", args=[group.pk]), {"name": "x", "permissions": "1"})
    assert logins() == before
    assert (Group.objects.get(name="support").pk, group.permissions.count()) == (group.pk, may)

    ann.client.post(reverse("admin:auth_user_add"), {**forged, "username": "mallory"})
    made = User.objects.get(username="mallory")
    assert (services.access_of(made), made.has_usable_password()) == (["active"], False)
    assert made.groups.count() + made.user_permissions.count() == 0

    asked = ask(ann.client, "grant", user)
    bad = answer(ann.client, asked, access=["permission:auth.change_user"], reason="mine")
    assert "is not one of the available choices" in bad.content.decode()
    act(ann.client, "grant", user, access=["superuser"])
    act(ann.client, "reset_access", bob.user, second_factor="on")
    act(ann.client, "change_email", bob.user, email="ann@evil.example")
    for waiting in Approval.objects.all():
        act(ann.client, "approve", waiting)
    assert {name: found for name, found in logins().items() if name != "mallory"} == before
    assert [one.decision for one in Approval.objects.all()] == [None] * 3
    assert services.send_codes() == 0


def test_who_may_change_users_but_is_no_superuser_asks_for_nothing(ann):
    clerk = member("max", "auth.change_user", "auth.view_user", "audit.approve_approval")
    user, before = carol(), logins()
    for action in ("grant", "take_away", "reset_access", "change_email"):
        act(clerk.client, action, user, access=["superuser"], email="max@evil.example")
    with pytest.raises(NotPermitted):
        clerk.does(services.request_access_grant, user_id=user.pk, access=["role:risk"], reason="so")
    ann.does(services.request_access_grant, user_id=user.pk, access=["role:risk"], reason="so")
    with pytest.raises(NotPermitted):
        approved(clerk)
    assert logins() == before


def test_power_is_taken_away_at_once_by_one_with_a_reason(ann):
    user = carol()
    user.groups.add(Group.objects.get(name="finance"))
    user.user_permissions.add(Permission.objects.get(codename="view_task"))
    theirs = Client()
    theirs.force_login(user)
    asked = ask(ann.client, "take_away", user)
    assert "permission platforms.view_task" in asked.content.decode()
    access = ["role:finance", "permission:platforms.view_task", "active"]
    assert "This field is required" in answer(ann.client, asked, access=access).content.decode()

    answer(ann.client, asked, access=access, reason="has left")

    assert services.access_of(User.objects.get(pk=user.pk)) == ["staff"]
    assert theirs.get("/admin/").status_code == 302
    assert not may_log_in(PASSWORD)
    line = AuditLog.objects.get(action="staff.take_away", success=True)
    assert (line.actor_id, line.metadata) == (str(ann.user.pk), {"reason": "has left"})
    assert line.changes_after == {"access": ["staff"]}
    User.objects.filter(pk=user.pk).update(is_active=True)
    assert theirs.get("/admin/").status_code == 302
    with pytest.raises(ReasonMissing):
        ann.does(services.remove_access, user_id=user.pk, access=["staff"], reason=" ")
    User.objects.filter(pk=user.pk).update(is_active=False)
    ann.does(services.request_access_grant, user_id=user.pk, access=["active"], reason="is back")
    assert services.access_of(User.objects.get(pk=user.pk)) == ["staff"]


def test_the_last_superuser_stays(ann, bob):
    for power in ("superuser", "staff", "active"):
        act(ann.client, "take_away", bob.user, access=[power])
        assert (
            "the last superuser cannot be removed"
            in told(act(ann.client, "take_away", ann.user, access=[power]))[0]
        )
        bob.user.save()
    assert services.access_of(User.objects.get(username="ann")) == ["active", "staff", "superuser"]


def test_access_is_not_given_to_an_account_that_has_changed_meanwhile(ann, bob):
    user = carol()
    user.groups.add(Group.objects.get(name="finance"))
    ann.does(services.request_access_grant, user_id=user.pk, access=["role:risk"], reason="helps out")
    bob.does(services.remove_access, user_id=user.pk, access=["role:finance"], reason="a leak")

    assert "has changed since" in approved(bob).error

    assert services.access_of(user) == ["active", "staff"]
    for access, why in ((["staff"], "already"), (["role:x"], "already"), ([], "already")):
        with pytest.raises(NothingToDo, match=why):
            ann.does(services.request_access_grant, user_id=user.pk, access=access, reason="so")


def test_a_lost_password_and_factor_are_made_anew_by_the_person_alone(ann, bob):
    user = carol()
    theirs = Client()
    theirs.force_login(user)
    services.offer_authenticator(user=user)
    Authenticator.objects.update(confirmed=True)
    RecoveryCodes.objects.create(user=user, name="codes", hashes=["x"])

    act(ann.client, "reset_access", user, second_factor="on")
    assert theirs.get("/admin/").status_code == 200
    assert approved(bob).error == ""

    assert theirs.get("/admin/").status_code == 302
    assert [*Authenticator.objects.all(), *RecoveryCodes.objects.all()] == []
    assert not may_log_in(PASSWORD)
    assert "holds until" in ann.client.get(reverse("admin:auth_user_change", args=[user.pk])).content.decode()
    services.choose_password(code=code_sent(), password="another long passphrase")
    assert may_log_in("another long passphrase")


def test_a_new_password_leaves_the_second_factor(ann, bob):
    user = carol()
    services.offer_authenticator(user=user)
    Authenticator.objects.update(confirmed=True)
    act(ann.client, "reset_access", user)
    approved(bob)
    services.choose_password(code=code_sent(), password="another long passphrase")
    assert Authenticator.objects.filter(user=user, confirmed=True).exists()
    assert not may_log_in("another long passphrase")


def test_a_code_goes_to_the_address_that_was_approved_and_counts_no_more_after_another(ann, bob):
    user = carol()
    ann.does(services.request_access_reset, user_id=user.pk, second_factor=False, reason="forgot it")
    waiting = Approval.objects.get()
    change = ann.does(
        services.request_email_change, user_id=user.pk, email="c@gigstream.example", reason="married"
    )
    bob.does(approvals.approve, approval_id=change.pk)
    assert User.objects.get(pk=user.pk).email == "c@gigstream.example"
    assert "has changed since" in bob.does(approvals.approve, approval_id=waiting.pk).error
    assert not PasswordCode.objects.exists()

    ann.does(services.request_access_reset, user_id=user.pk, second_factor=False, reason="forgot it")
    approved(bob)
    code = code_sent()
    ann.does(services.request_email_change, user_id=user.pk, email="d@gigstream.example", reason="a leak")
    approved(bob)
    with pytest.raises(CodeRefused):
        services.choose_password(code=code, password=PASSWORD)
    with pytest.raises(NothingToDo):
        ann.does(services.request_email_change, user_id=user.pk, email="d@GIGSTREAM.example", reason="so")


def test_a_code_is_for_a_day_for_whoever_may_log_in_and_is_made_anew_when_no_mail_was_sent(
    ann, bob, monkeypatch
):
    user = carol()
    ann.does(services.request_access_reset, user_id=user.pk, second_factor=False, reason="forgot it")
    approved(bob)
    with monkeypatch.context() as away:
        away.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", _no_server)
        assert services.send_codes() == 0
    code = code_sent(database_now() + timedelta(minutes=1))
    with pytest.raises(WeakPassword):
        services.choose_password(code=code, password="12345")
    late = database_now() + timedelta(hours=24)
    with pytest.raises(CodeRefused):
        services.choose_password(code=code, password=PASSWORD, now=late)
    User.objects.update(is_active=False)
    with pytest.raises(CodeRefused):
        services.choose_password(code=code, password=PASSWORD)
    services.sweep_sign_in()
    assert PasswordCode.objects.exists()
    services.sweep_sign_in(now=late)
    assert not PasswordCode.objects.exists()


def _no_server(*_):
    raise OSError


def test_nobody_without_an_address_is_sent_a_code(ann):
    user = carol(email="")
    with pytest.raises(NoAddress):
        ann.does(services.request_access_reset, user_id=user.pk, second_factor=False, reason="forgot it")
    User.objects.filter(pk=user.pk).update(is_staff=False)
    with pytest.raises(NothingToDo):
        ann.does(services.request_access_reset, user_id=user.pk, second_factor=False, reason="forgot it")


def test_names_are_corrected_by_one_with_a_reason_that_keeps_old_and_new(ann):
    user = carol(first_name="Karol", last_name="Smith")
    page = reverse("admin:auth_user_change", args=[user.pk])

    ann.client.post(page, {"first_name": "Carola", "last_name": "Smith", "reason": "misspelt"})

    user.refresh_from_db()
    assert user.get_full_name() == "Carola Smith"
    change = PersonalChange.objects.get()
    assert (change.resource_type, change.resource_id, change.field) == ("user", str(user.pk), "first_name")
    assert (change.old_value, change.new_value, change.reason) == ("Karol", "Carola", "misspelt")
    line = AuditLog.objects.get(action="staff.edit")
    assert line.metadata == {"fields": ["first_name"], "reason": "misspelt"}
    assert line.changes_after == {"first_name": digest_of("Carola", change.salt)}


def test_names_are_not_corrected_without_a_reason(ann):
    user = carol(first_name="Karol")
    page = reverse("admin:auth_user_change", args=[user.pk])

    answered = ann.client.post(page, {"first_name": "Carola", "last_name": user.last_name, "reason": " "})

    assert "Say why it is corrected." in answered.content.decode()
    user.refresh_from_db()
    assert user.first_name == "Karol"
    assert not PersonalChange.objects.exists()
    with pytest.raises(ReasonMissing):
        ann.does(services.edit_member, user_id=user.pk, changes={"first_name": "Carola"}, reason=" ")


def test_a_changed_address_keeps_the_old_one_with_the_reason(ann, bob):
    user = carol(email="c@gigstream.example")
    asked = ann.does(
        services.request_email_change, user_id=user.pk, email="d@gigstream.example", reason="married"
    )

    bob.does(approvals.approve, approval_id=asked.pk)

    change = PersonalChange.objects.get()
    assert (change.field, change.old_value, change.new_value, change.reason) == (
        "email",
        "c@gigstream.example",
        "d@gigstream.example",
        "married",
    )
    line = AuditLog.objects.get(action="staff.change_email")
    assert line.changes_before == {"email": digest_of("c@gigstream.example", change.salt)}
    assert line.metadata["reason"] == "married"
