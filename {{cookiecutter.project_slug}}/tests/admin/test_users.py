"""Django admin changes accounts and ends sessions; it gives no more rights than the actor has."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse
from django.utils import timezone

from accounts.admin.forms import UserForm
from accounts.models import SecurityEvent, Session, User
from mail.models import Mail
from tests.admin.steps import as_
from tests.authenticator import enrol
from tests.client import Browser
from tests.flows.steps import signed_in_as
from tests.mailbox import emails_to
from tests.people import PASSWORD, make_user, save

pytestmark = pytest.mark.django_db


def permission(codename: str) -> Permission:
    return Permission.objects.get(content_type__app_label="accounts", codename=codename)


def with_permissions(user: User, *codenames: str) -> User:
    user.user_permissions.set(permission(codename) for codename in codenames)
    return user


@pytest.fixture
def superuser() -> User:
    return User.objects.create_superuser(email="root@example.test", password=PASSWORD)


@pytest.fixture
def admin() -> User:
    return with_permissions(make_user(role="ADMIN"), "change_user", "view_user", "delete_user")


@pytest.fixture
def staff() -> User:
    return with_permissions(make_user(role="STAFF"), "change_user", "view_user", "delete_user")


def change_url(user: User) -> str:
    return reverse("admin:accounts_user_change", args=[user.pk])


def change(actor: User, user: User, **fields: Any) -> Any:
    """Fills in the change form of ``user`` as it stands, but for ``fields``, and sends it."""
    form = {
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "role": user.role,
        "email_verified": user.email_verified,
        "is_active": user.is_active,
        "is_superuser": user.is_superuser,
        "groups": ids(user.groups.all()),
        "user_permissions": ids(user.user_permissions.all()),
    } | fields
    sent = {name: value for name, value in form.items() if value is not False}
    return as_(actor).post(change_url(user), sent)


def ids(rows: Iterable[Any]) -> list[int]:
    return [row.pk for row in rows]


def errors(response: Any) -> str:
    return str(response.context["errors"]) if response.context else ""


def test_change_of_a_name_does_not_undo_a_reset_in_the_meantime(
    superuser: User, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_valid = UserForm.is_valid

    def reset_meanwhile(form: UserForm) -> bool:
        User.objects.filter(pk=user.pk).update(password="!a-new-one", email_verified=False)
        return bool(is_valid(form))

    monkeypatch.setattr(UserForm, "is_valid", reset_meanwhile)

    assert change(superuser, user, first_name="Grace").status_code == 302

    user.refresh_from_db()
    assert (user.first_name, user.password, user.email_verified) == ("Grace", "!a-new-one", False)


def test_pages_of_a_session_open(superuser: User, signed_in: Browser) -> None:
    session, client = Session.objects.get(), as_(superuser)

    listed = client.get(reverse("admin:accounts_session_changelist"), {"q": "person"})
    shown = client.get(reverse("admin:accounts_session_change", args=[session.pk]))

    assert (listed.status_code, shown.status_code) == (200, 200)


def test_account_is_added(superuser: User) -> None:
    response = as_(superuser).post(
        reverse("admin:accounts_user_add"),
        {
            "email": "New@Example.Test",
            "email_verified": "on",
            "role": "STAFF",
            "usable_password": "true",
            "password1": PASSWORD,
            "password2": PASSWORD,
        },
    )

    assert response.status_code == 302, errors(response)
    added = User.objects.get(email="new@example.test")
    assert (added.role, added.email_verified) == ("STAFF", True)


@pytest.mark.parametrize(
    "fields", [{"role": "STAFF"}, {"is_active": False}, {"role": "ADMIN", "is_superuser": True}]
)
def test_change_of_credentials_ends_the_sessions(
    fields: dict[str, Any], superuser: User, signed_in: Browser, user: User
) -> None:
    response = change(superuser, user, **fields)

    assert response.status_code == 302, errors(response)
    assert not Session.objects.exists()
    assert signed_in.refresh().status_code == 401


def test_change_of_a_name_ends_nothing(superuser: User, signed_in: Browser, user: User) -> None:
    assert change(superuser, user, first_name="Grace").status_code == 302
    assert Session.objects.exists()


def test_change_of_a_password_ends_the_sessions(
    superuser: User, signed_in: Browser, user: User
) -> None:
    as_(superuser).post(
        reverse("admin:auth_user_password_change", args=[user.pk]),
        {"password1": "another good phrase", "password2": "another good phrase"},
    )

    assert not Session.objects.exists()


def test_session_can_be_neither_added_nor_changed(superuser: User, signed_in: Browser) -> None:
    session = Session.objects.get()
    client = as_(superuser)

    assert client.get(reverse("admin:accounts_session_add")).status_code == 403
    changed = reverse("admin:accounts_session_change", args=[session.pk])
    assert client.post(changed, {"user_agent": "x"}).status_code == 403


@pytest.mark.parametrize(
    "fields", [{"role": "ADMIN"}, {"is_superuser": True, "role": "ADMIN"}, {"groups": "any"}]
)
def test_staff_change_no_rights(fields: dict[str, Any], staff: User, user: User) -> None:
    group = Group.objects.create(name="editors")
    sent = fields | ({"groups": [group.pk]} if "groups" in fields else {})

    change(staff, user, first_name="Grace", **sent)

    user.refresh_from_db()
    assert user.first_name == "Grace"
    assert (user.role, user.is_superuser, user.groups.count()) == ("USER", False, 0)


def test_staff_add_accounts_without_rights(staff: User) -> None:
    staff.user_permissions.add(permission("add_user"))
    form = {"email": "new@example.test", "role": "ADMIN", "usable_password": "false"}

    assert as_(staff).post(reverse("admin:accounts_user_add"), form).status_code == 302
    assert User.objects.get(email="new@example.test").role == "USER"


def test_only_superusers_change_what_a_group_may_do(superuser: User, admin: User) -> None:
    group = Group.objects.create(name="editors")
    admin.user_permissions.add(*Permission.objects.filter(content_type__app_label="auth"))
    url = reverse("admin:auth_group_change", args=[group.pk])

    assert as_(admin).get(url).status_code == 403
    assert as_(superuser).get(url).status_code == 200


def test_staff_do_not_raise_themselves(staff: User) -> None:
    change(staff, staff, role="ADMIN", user_permissions=ids(Permission.objects.all()))

    staff.refresh_from_db()
    assert staff.role == "STAFF"
    assert staff.user_permissions.count() == 3


def test_account_with_more_rights_is_refused(superuser: User, admin: User, staff: User) -> None:
    for actor, above in ((staff, admin), (staff, superuser), (admin, superuser)):
        password_url = reverse("admin:auth_user_password_change", args=[above.pk])
        delete_url = reverse("admin:accounts_user_delete", args=[above.pk])
        assert change(actor, above, first_name="Mallory").status_code == 403
        assert as_(actor).post(password_url, {}).status_code == 403
        assert as_(actor).post(delete_url, {"post": "yes"}).status_code == 403


def test_admin_gives_roles_but_no_superuser_flag(superuser: User, admin: User, user: User) -> None:
    change(admin, user, role="ADMIN", is_superuser=True)

    user.refresh_from_db()
    assert (user.role, user.is_superuser) == ("ADMIN", False)


@pytest.mark.parametrize("through_a_group", [False, True])
def test_admin_grants_only_permissions_of_their_own(
    through_a_group: bool, superuser: User, admin: User, user: User
) -> None:
    def grant(codename: str) -> Any:
        if not through_a_group:
            return change(admin, user, user_permissions=[permission(codename).pk])
        group = Group.objects.create(name=codename)
        group.permissions.add(permission(codename))
        return change(admin, user, groups=[group.pk])

    assert "only grant permissions" in errors(grant("add_user"))
    assert grant("view_user").status_code == 302


INACTIVE = {"is_active": False}
INVITED = {"password": None, "email_verified": False, "invited_at": timezone.now()}
SERVICE_ACCOUNT = {"password": None}


@pytest.mark.parametrize(
    ("fields", "other"),
    [
        *[({"role": "STAFF"}, INACTIVE), ({"is_active": False}, INACTIVE)],
        *[({"role": "STAFF"}, INVITED), ({"role": "STAFF"}, SERVICE_ACCOUNT)],
    ],
)
def test_last_active_admin_stays(
    fields: dict[str, Any], other: dict[str, Any], admin: User
) -> None:
    make_user(role="ADMIN", **other)

    assert "last active administrator" in errors(change(admin, admin, **fields))


def test_last_active_admin_is_not_deleted(admin: User) -> None:
    make_user(role="ADMIN", **SERVICE_ACCOUNT)
    url = reverse("admin:accounts_user_delete", args=[admin.pk])

    assert as_(admin).post(url, {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=admin.pk).exists()


def test_one_of_two_admins_can_lose_the_role(superuser: User, admin: User) -> None:
    assert change(superuser, admin, role="USER").status_code == 302


def test_account_is_deleted_with_its_sessions_and_its_history(
    signed_in: Browser, user: User
) -> None:
    actor = with_permissions(make_user(role="ADMIN"), "view_user", "delete_user")

    page = reverse("admin:accounts_user_delete", args=[user.pk])

    assert as_(actor).post(page, {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=user.pk).exists()
    assert not SecurityEvent.objects.filter(user=user.pk).exists()


def request_address(user: User, wanted: str) -> None:
    signed_in_as(user).change_profile(email=wanted)


def leave_address(user: User, wanted: str) -> None:
    save(user, email=wanted)
    save(user, email="moved@example.test")


@pytest.mark.parametrize(
    ("act", "subject"),
    [
        (request_address, "Verify your new e-mail address"),
        (leave_address, "Your e-mail address has been changed"),
    ],
)
def test_deleted_account_leaves_the_email_about_another_one(
    act: Callable[[User, str], None], subject: str, admin: User, user: User
) -> None:
    wanted = "wanted@example.test"
    act(user, wanted)
    Browser().sign_up(wanted)
    squatter = User.objects.get(email=wanted)

    as_(admin).post(reverse("admin:accounts_user_delete", args=[squatter.pk]), {"post": "yes"})

    assert not User.objects.filter(email=wanted).exists()
    assert [email.subject for email in emails_to(wanted)] == [subject]


def test_accounts_are_not_deleted_in_bulk(superuser: User, admin: User) -> None:
    as_(superuser).post(
        reverse("admin:accounts_user_changelist"),
        {"action": "delete_selected", "_selected_action": [str(admin.pk)], "post": "yes"},
    )

    assert User.objects.filter(pk=admin.pk).exists()


@pytest.mark.parametrize(
    ("before", "after", "emails"),
    [
        (PASSWORD, "another good pass phrase", ["Your password has been changed"]),
        (None, PASSWORD, []),
        (PASSWORD, None, []),
    ],
)
def test_owner_is_told_of_a_password_that_a_script_replaced(
    before: str | None, after: str | None, emails: list[str], db: None
) -> None:
    user = make_user(password=before)

    save(user, password=after)

    assert [email.subject for email in emails_to(user.email)] == emails


# Permissions that the actor lacks


def give(user: User, codename: str, *, through_a_group: bool) -> None:
    if not through_a_group:
        user.user_permissions.add(permission(codename))
        return
    group = Group.objects.create(name=codename)
    group.permissions.add(permission(codename))
    user.groups.add(group)


def acts_on(user: User) -> dict[str, tuple[str, dict[str, Any]]]:
    """The actions on an account, each with its path and form."""
    password = dict.fromkeys(("password1", "password2"), "another good phrase")
    arguments = [user.pk]
    return {
        "change": (change_url(user), {"email": user.email, "is_active": "on"}),
        "password": (reverse("admin:auth_user_password_change", args=arguments), password),
        "delete": (reverse("admin:accounts_user_delete", args=arguments), {"post": "yes"}),
    }


every_act = pytest.mark.parametrize("act", ["change", "password", "delete"])


@every_act
@pytest.mark.parametrize("is_active", [True, False])
@pytest.mark.parametrize("through_a_group", [False, True])
@pytest.mark.parametrize("role", ["USER", "STAFF", "ADMIN"])
def test_account_with_a_permission_that_the_actor_lacks_is_refused(
    role: str, through_a_group: bool, is_active: bool, act: str, staff: User, admin: User
) -> None:
    actor = admin if role == "ADMIN" else staff
    target = make_user(role=role, is_active=is_active)
    give(target, "add_user", through_a_group=through_a_group)
    before = User.objects.filter(pk=target.pk).values().get()
    path, form = acts_on(target)[act]

    assert as_(actor).post(path, form).status_code == 403

    assert User.objects.filter(pk=target.pk).values().get() == before


def target_gains(actor: User, target: User) -> None:
    group = Group.objects.create(name="editors")
    target.groups.add(group)
    group.permissions.add(permission("add_user"))


def actor_loses(actor: User, target: User) -> None:
    actor.user_permissions.remove(permission("view_user"))


@every_act
@pytest.mark.parametrize("happens", [target_gains, actor_loses])
def test_permissions_count_that_changed_after_the_page_was_shown(
    happens: Callable[[User, User], None], act: str, staff: User
) -> None:
    target = with_permissions(make_user(role="STAFF"), "view_user")
    client = as_(staff)
    path, form = acts_on(target)[act]
    assert client.get(path).status_code == 200
    happens(staff, target)

    assert client.post(path, form).status_code == 403


@every_act
def test_staff_act_on_colleagues_without_more_permissions(act: str, staff: User) -> None:
    target = with_permissions(make_user(role="STAFF"), "change_user")
    path, form = acts_on(target)[act]

    assert as_(staff).post(path, form).status_code == 302


@pytest.mark.parametrize("from_the_list", [False, True])
@pytest.mark.parametrize("is_above", [False, True])
def test_session_is_ended_unless_its_account_has_more_permissions(
    is_above: bool, from_the_list: bool, signed_in: Browser, user: User
) -> None:
    staff = make_user(role="STAFF")
    staff.user_permissions.set(Permission.objects.filter(content_type__model="session"))
    if is_above:
        give(user, "view_user", through_a_group=True)
    session = Session.objects.get()
    path, form = reverse("admin:accounts_session_delete", args=[session.pk]), {"post": "yes"}
    if from_the_list:
        path = reverse("admin:accounts_session_changelist")
        form |= {"action": "delete_selected", "_selected_action": str(session.pk)}

    assert as_(staff).post(path, form).status_code == (403 if is_above else 302)

    assert Session.objects.exists() == is_above


# What guards a second factor


@pytest.mark.parametrize("has_second_factor", [False, True])
@pytest.mark.parametrize("fields", [{"email": "mallory@example.test"}, {"email_verified": False}])
def test_staff_change_no_address_that_guards_a_second_factor(
    fields: dict[str, Any], has_second_factor: bool, staff: User, user: User
) -> None:
    if has_second_factor:
        enrol(user)
    before = (user.email, user.email_verified)

    assert change(staff, user, first_name="Grace", **fields).status_code == 302

    user.refresh_from_db()
    assert user.first_name == "Grace"
    assert ((user.email, user.email_verified) == before) == has_second_factor


@pytest.mark.parametrize("act", ["password", "delete"])
@pytest.mark.parametrize(("role", "status"), [("STAFF", 403), ("ADMIN", 302)])
def test_password_and_account_with_a_second_factor_are_an_admins_to_change_and_delete(
    role: str, status: int, act: str, admin: User, staff: User, user: User
) -> None:
    enrol(user)
    path, form = acts_on(user)[act]

    assert as_(admin if role == "ADMIN" else staff).post(path, form).status_code == status


def test_admin_changes_the_address_of_an_account_with_a_second_factor(
    admin: User, user: User
) -> None:
    enrol(user)

    change(admin, user, email="moved@example.test")

    assert User.objects.get(pk=user.pk).email == "moved@example.test"


def spellings(user: User) -> list[str]:
    """Of the id of an account, as Django admin takes it in a path."""
    return [str(user.pk), user.pk.hex, str(user.pk).upper()]


@pytest.mark.parametrize("spelling", range(3))
def test_own_password_takes_the_old_one_here_as_well(spelling: int, admin: User) -> None:
    path, form = acts_on(admin)["password"]
    path = path.replace(str(admin.pk), spellings(admin)[spelling])

    response = as_(admin).post(path, form)

    assert response["Location"] == reverse("admin:password_change")
    admin.refresh_from_db()
    assert admin.check_password(PASSWORD)


@pytest.mark.parametrize("spelling", range(3))
@pytest.mark.parametrize("act", ["password", "delete"])
def test_second_factor_guards_the_account_however_its_id_is_spelled(
    act: str, spelling: int, staff: User, user: User
) -> None:
    enrol(user)
    path, form = acts_on(user)[act]
    path = path.replace(str(user.pk), spellings(user)[spelling])

    assert as_(staff).post(path, form).status_code == 403


# What the owner is told


@pytest.mark.parametrize(
    ("fields", "subjects"),
    [
        ({"email": "moved@example.test"}, ["Your e-mail address has been changed"]),
        ({"email_verified": False}, ["Your e-mail address must be verified again"]),
        (
            {"email": "moved@example.test", "email_verified": False},
            ["Your e-mail address has been changed"],
        ),
        ({"first_name": "Grace"}, []),
    ],
)
def test_old_address_is_told_of_the_change(
    fields: dict[str, Any], subjects: list[str], admin: User, user: User
) -> None:
    before = user.email

    assert change(admin, user, **fields).status_code == 302

    assert [email.subject for email in emails_to(before)] == subjects
    assert emails_to("moved@example.test") == []


@pytest.mark.parametrize("options", [{}, {"update_fields": ["email"]}])
def test_old_address_is_told_of_a_change_by_a_script(options: dict[str, Any], user: User) -> None:
    before, user.email = user.email, "moved@example.test"
    user.save(**options)

    [email] = emails_to(before)
    assert email.subject == "Your e-mail address has been changed"
    assert "moved@" not in email.body


def test_stale_row_that_undoes_a_change_tells_the_address_that_it_replaces(
    user: User,
) -> None:
    stale = User.objects.get(pk=user.pk)
    save(user, email="moved@example.test")

    stale.save()

    assert len(emails_to("moved@example.test")) == 1


def test_address_in_another_case_is_no_change(user: User) -> None:
    save(user, email=user.email.upper())

    assert emails_to(user.email) == []


@pytest.mark.parametrize("from_the_list", [False, True])
@pytest.mark.parametrize(("state", "stays"), [("pending", True), ("dead", False)])
def test_pending_email_to_an_owner_cannot_be_deleted(
    state: str, stays: bool, from_the_list: bool, superuser: User, user: User
) -> None:
    change(superuser, user, email="moved@example.test")
    Mail.objects.update(state=state)
    mail = Mail.objects.get()
    path, form = reverse("admin:mail_mail_delete", args=[mail.pk]), {"post": "yes"}
    if from_the_list:
        path = reverse("admin:mail_mail_changelist")
        form |= {"action": "delete_selected", "_selected_action": str(mail.pk)}

    as_(superuser).post(path, form)

    assert Mail.objects.exists() == stays


# What pages show


@pytest.mark.parametrize(
    ("name", "lookup"),
    [
        ("accounts_user", "password__startswith"),
        ("accounts_user", "sessions__refresh_jti__startswith"),
        ("accounts_session", "user__password__startswith"),
    ],
)
def test_list_cannot_be_searched_for_a_secret(
    name: str, lookup: str, superuser: User, signed_in: Browser
) -> None:
    client = as_(superuser)

    answer = client.get(reverse(f"admin:{name}_changelist"), {lookup: "a"})

    assert answer.status_code == 400


@pytest.mark.parametrize("field", ["groups", "user"])
def test_choices_need_the_permission_to_view_them(field: str) -> None:
    """The groups of an account, and the account of a session."""
    staff = make_user(role="STAFF")
    source = {"app_label": "accounts", "model_name": "session", "field_name": field}
    source |= {"model_name": "user"} if field == "groups" else {}

    assert as_(staff).get(reverse("admin:autocomplete"), source).status_code == 403


def test_page_of_an_account_with_more_rights_is_read_only_without_a_hash(
    staff: User, admin: User
) -> None:
    page = as_(staff).get(change_url(admin))

    assert page.status_code == 200
    assert admin.password.rpartition("$")[2] not in page.content.decode()
    assert 'name="_save"' not in page.content.decode()
