"""Hospitals over the API: made, found, changed, suspended, resumed; two administrators of different roles ask."""

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.support.console import ConsoleUnderTest
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.waiting import wait_until

TWO = tuple[Hospital, Hospital]


def body(code: str = "bv-moi", **more: object) -> dict[str, object]:
    return {
        "tenant_code": code,
        "name": "Bệnh viện Mới",
        "admin": {"username": "quantri", "email": "quantri@moi.example", "full_name": "Nguyễn Thị Quản Trị"},
        **more,
    }


def audited(central: CentralDatabase, action: str) -> int:
    with central.superuser() as connection:
        found = connection.execute("SELECT count(*) FROM admin_audit_logs WHERE action = %s", (action,)).fetchone()
    assert found is not None
    return int(found[0])


def test_a_hospital_is_made_active_with_an_invite(console: ConsoleUnderTest) -> None:
    call = console.caller("super_admin")
    made = call("POST", "/tenants", body(), expect=201).get_json()
    assert (made["tenant_code"], made["status"]) == ("bv-moi", "active")
    assert made["admin_invite"]["token"].startswith("bv-moi.")
    shown = call("GET", f"/tenants/{made['id']}")
    assert shown.get_json()["status"] == "active"
    assert shown.headers["ETag"] == f'"{shown.get_json()["version"]}"'
    assert audited(console.central, "tenant.create") == 1


def test_no_answer_holds_a_password(console: ConsoleUnderTest, two_hospitals: TWO) -> None:
    call = console.caller("super_admin")
    answers = [call("GET", "/tenants").text, call("GET", f"/tenants/{two_hospitals[0].tenant}").text]
    assert all("password" not in answer and "database" not in answer for answer in answers)


def test_an_idempotency_key_creates_once_and_keeps_no_secret(console: ConsoleUnderTest) -> None:
    call = console.caller("super_admin")
    first = call("POST", "/tenants", body(), expect=201, Idempotency_Key="k-1").get_json()
    second = call("POST", "/tenants", body(), expect=201, Idempotency_Key="k-1")
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.get_json() == {**first, "admin_invite": None}
    other = call("POST", "/tenants", body("bv-khac"), expect=409, Idempotency_Key="k-1")
    assert other.get_json()["code"] == "idempotency_key_reused"
    with console.central.superuser() as connection:
        kept = connection.execute("SELECT body FROM idempotency_keys").fetchall()
    assert first["admin_invite"]["token"] not in str(kept)


def test_the_operation_s_address_comes_with_the_repeated_answer_too(console: ConsoleUnderTest) -> None:
    call = console.caller("super_admin")
    first, second = (
        call("POST", "/tenants", body(), expect=202, Prefer="respond-async", Idempotency_Key="k-1") for _ in range(2)
    )
    assert second.headers["Idempotency-Replayed"] == "true"
    assert first.headers["Location"] == second.headers["Location"] == first.get_json()["operation"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"tenant_code": "Bệnh viện"}, "tenant_code"),
        ({"tenant_code": "x"}, "tenant_code"),
        ({"name": "   "}, "name"),
        ({"name": None}, "name"),
        ({"domain": "không phải tên miền"}, "domain"),
        ({"subscription_plan": "gold"}, "subscription_plan"),
        ({"max_users": 0}, "max_users"),
        ({"max_users": "nhiều"}, "max_users"),
        ({"admin": {"username": "a", "email": "no", "full_name": "B"}}, "admin.email"),
        ({"admin": {"username": "có dấu", "email": "a@b.example", "full_name": "B"}}, "admin.username"),
        ({"admin": {}}, "admin.full_name"),
        ({"admin": None}, "admin"),
        ({"database_password": "x"}, "database_password"),
    ],
)
def test_invalid_fields_are_named(console: ConsoleUnderTest, changes: dict[str, object], field: str) -> None:
    problem = console.caller("super_admin")("POST", "/tenants", body() | changes, expect=422).get_json()
    assert problem["code"] == "invalid_fields"
    assert field in problem["errors"], problem["errors"]


def test_a_code_and_a_domain_belong_to_one_hospital(console: ConsoleUnderTest, two_hospitals: TWO) -> None:
    call = console.caller("super_admin")
    first, second = two_hospitals
    assert call("POST", "/tenants", body(first.tenant_code), expect=409).get_json()["code"] == "tenant_code_taken"
    for hospital, expect in ((first, 200), (second, 409)):
        path = f"/tenants/{hospital.tenant}"
        tag = call("GET", path).headers["ETag"]
        call("PATCH", path, {"domain": "Chung.example.vn"}, expect=expect, If_Match=tag)


def test_a_list_is_read_page_by_page_and_found_without_diacritics(
    console: ConsoleUnderTest, two_hospitals: TWO
) -> None:
    call = console.caller("support")
    first = call("GET", "/tenants?limit=1").get_json()
    second = call("GET", f"/tenants?limit=1&cursor={first['next_cursor']}").get_json()
    codes = [page["items"][0]["tenant_code"] for page in (first, second)]
    assert codes == sorted(hospital.tenant_code for hospital in two_hospitals)
    assert second["next_cursor"] is None
    found = call("GET", "/tenants?q=nhi dong").get_json()["items"]
    assert [item["id"] for item in found] == [str(two_hospitals[1].tenant)]
    assert call("GET", "/tenants?status=suspended").get_json()["items"] == []
    assert "cursor" in call("GET", "/tenants?cursor=zzz", expect=422).get_json()["errors"]
    assert "status" in call("GET", "/tenants?status=open", expect=422).get_json()["errors"]


def test_a_change_needs_the_version_last_seen(console: ConsoleUnderTest, two_hospitals: TWO) -> None:
    call = console.caller("technician")
    path = f"/tenants/{two_hospitals[0].tenant}"
    tag = call("GET", path).headers["ETag"]
    assert call("PATCH", path, {"name": "Một"}, expect=428).get_json()["code"] == "precondition_required"
    changed = call("PATCH", path, {"name": "Một", "max_users": 7}, If_Match=tag)
    assert changed.get_json()["name"] == "Một"
    assert changed.headers["ETag"] != tag
    late = call("PATCH", path, {"name": "Hai"}, expect=412, If_Match=tag).get_json()
    assert late["code"] == "changed_meanwhile"
    emptied = call("PATCH", path, {"display_name": None}, If_Match=changed.headers["ETag"]).get_json()
    assert emptied["display_name"] is None
    refused = call("PATCH", path, {"tenant_code": "khac"}, expect=422, If_Match="*").get_json()
    assert "tenant_code" in refused["errors"]
    with console.central.superuser() as connection:
        rows = connection.execute("SELECT new_values FROM admin_audit_logs WHERE action = 'tenant.update'").fetchall()
    assert {"changed": ["max_users", "name"]} in [row[0] for row in rows]


def test_a_hospital_is_suspended_with_a_reason_and_resumed(console: ConsoleUnderTest, two_hospitals: TWO) -> None:
    call = console.caller("super_admin")
    first, second = two_hospitals
    path = f"/tenants/{first.tenant}"
    assert "reason" in call("POST", f"{path}/suspend", {}, expect=422).get_json()["errors"]
    assert call("POST", f"{path}/suspend", {"reason": "Chưa thanh toán"}).get_json()["status"] == "suspended"
    assert call("GET", f"/tenants/{second.tenant}").get_json()["status"] == "active"
    assert call("POST", f"{path}/resume").get_json()["status"] == "active"
    assert console.announcements.told == [first.tenant, first.tenant]
    with console.central.superuser() as connection:
        rows = connection.execute(
            "SELECT action, reason, actor_name FROM admin_audit_logs WHERE user_id IS NOT NULL ORDER BY created_at"
        ).fetchall()
    assert rows == [
        ("tenant.suspend", "Chưa thanh toán", "Trần Thị Quản Trị"),
        ("tenant.resume", None, "Trần Thị Quản Trị"),
    ]


def test_what_a_state_does_not_allow_is_a_conflict(console: ConsoleUnderTest, two_hospitals: TWO) -> None:
    call = console.caller("super_admin")
    with console.central.superuser() as connection:
        connection.execute("UPDATE tenants SET status = 'failed' WHERE id = %s", (two_hospitals[0].tenant,))
    path = f"/tenants/{two_hospitals[0].tenant}"
    assert call("POST", f"{path}/suspend", {"reason": "x"}, expect=409).get_json()["code"] == "transition_refused"
    assert call("POST", f"{path}/resume", expect=409).get_json()["code"] == "transition_refused"
    assert call("POST", f"{path}/rotate-credentials", expect=409).get_json()["code"] == "transition_refused"
    invited = call("POST", f"{path}/admin-invite", {"reason": "x"}, expect=409).get_json()
    assert invited["code"] == "transition_refused"


def test_credentials_are_exchanged_without_being_shown(console: ConsoleUnderTest, two_hospitals: TWO) -> None:
    call = console.caller("technician")
    first, second = two_hospitals
    before, others = first.parameters("app"), second.parameters("app")
    answer = call("POST", f"/tenants/{first.tenant}/rotate-credentials")
    assert set(answer.get_json()) == {"operation_id", "tenant_id", "retire_at"}
    assert answer.headers["Location"].endswith(answer.get_json()["operation_id"])
    after = first.parameters("app")
    assert after["password"] != before["password"]
    assert second.parameters("app") == others
    with first.connect("app") as connection:
        connection.execute("SELECT 1")
    again = call("POST", f"/tenants/{first.tenant}/rotate-credentials", expect=409)
    assert again.get_json()["code"] == "operation_running"


def test_a_lost_first_invite_is_replaced_once_for_a_key(console: ConsoleUnderTest, two_hospitals: TWO) -> None:
    call = console.caller("super_admin")
    hospital, other = two_hospitals
    path = f"/tenants/{hospital.tenant}/admin-invite"
    assert "reason" in call("POST", path, {}, expect=422).get_json()["errors"]
    sent = {"reason": "Thư mời thất lạc, đã gọi lại số của bệnh viện"}
    first = call("POST", path, sent, expect=201, Idempotency_Key="k-1").get_json()
    assert first["id"] == str(hospital.tenant)
    assert first["admin_invite"]["token"].startswith(f"{hospital.tenant_code}.")
    replayed = call("POST", path, sent, expect=201, Idempotency_Key="k-1")
    assert replayed.headers["Idempotency-Replayed"] == "true"
    assert replayed.get_json() == {**first, "admin_invite": None}
    elsewhere = call("POST", f"/tenants/{other.tenant}/admin-invite", sent, expect=409, Idempotency_Key="k-1")
    assert elsewhere.get_json()["code"] == "idempotency_key_reused"
    with console.central.superuser() as connection:
        kept = connection.execute("SELECT body FROM idempotency_keys").fetchall()
        rows = connection.execute(
            "SELECT actor_name, tenant_id, reason FROM admin_audit_logs WHERE action = 'tenant.admin_invited'"
        ).fetchall()
    assert first["admin_invite"]["token"] not in str(kept)
    assert rows == [("Trần Thị Quản Trị", hospital.tenant, sent["reason"])]
    for each, invites in ((hospital, 2), (other, 1)):
        with each.superuser() as connection:
            found = connection.execute("SELECT count(*) FROM staff_invites").fetchone()
            noted = connection.execute(
                "SELECT request_id IS NOT NULL FROM audit_logs WHERE actor_kind = 'admin' AND user_id IS NOT NULL"
            ).fetchall()
        assert found == (invites,)
        assert noted == [(True,)] * (invites - 1)


def test_central_lets_nobody_into_a_hospital_whose_administrator_joined(
    console: ConsoleUnderTest, two_hospitals: TWO
) -> None:
    hospital, other = two_hospitals
    with hospital.superuser() as connection:
        connection.execute("UPDATE users SET status = 'active'")
    call = console.caller("super_admin")
    refused = call("POST", f"/tenants/{hospital.tenant}/admin-invite", {"reason": "x"}, expect=409).get_json()
    assert refused["code"] == "administrator_joined"
    assert "Ask the hospital's administrator" in refused["detail"]
    assert audited(console.central, "tenant.admin_invited") == 0
    call("POST", f"/tenants/{other.tenant}/admin-invite", {"reason": "x"}, expect=201)


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("GET", "/tenants/{}", None),
        ("POST", "/tenants/{}/suspend", {"reason": "x"}),
        ("POST", "/tenants/{}/resume", None),
        ("POST", "/tenants/{}/rotate-credentials", None),
        ("POST", "/tenants/{}/admin-invite", {"reason": "x"}),
        ("GET", "/operations/{}", None),
        ("POST", "/operations/{}/retry", None),
    ],
)
def test_what_does_not_exist_is_not_found(console: ConsoleUnderTest, method: str, path: str, sent: object) -> None:
    call = console.caller("super_admin")
    call(method, path.format(uuid4()), sent, expect=404)
    call(method, path.format("not-an-id"), sent, expect=404)


@pytest.mark.parametrize(
    ("method", "path", "sent", "permission"),
    [
        ("POST", "/tenants", body(), "tenant.create"),
        ("PATCH", "/tenants/{}", {"name": "x"}, "tenant.update"),
        ("POST", "/tenants/{}/suspend", {"reason": "x"}, "tenant.suspend"),
        ("POST", "/tenants/{}/resume", None, "tenant.suspend"),
        ("POST", "/tenants/{}/rotate-credentials", None, "tenant.credentials"),
        ("POST", "/tenants/{}/admin-invite", {"reason": "x"}, "tenant.create"),
        ("POST", "/operations/{}/retry", None, "tenant.create"),
        ("GET", "/sync/dead-letters", None, "sync.dead_letters"),
    ],
)
def test_support_may_read_and_not_change(
    console: ConsoleUnderTest, method: str, path: str, sent: object, permission: str
) -> None:
    problem = console.caller("support")(method, path.format(uuid4()), sent, expect=403).get_json()
    assert (problem["code"], problem["permission"]) == ("forbidden", permission)


def test_nobody_is_admitted_without_a_token(console: ConsoleUnderTest) -> None:
    client = console.app.test_client()
    for path in ("/api/v1/tenants", f"/api/v1/operations/{uuid4()}", "/api/v1/sync/changes"):
        answer = client.get(path)
        assert answer.status_code == 401, path
        assert answer.content_type == "application/problem+json"


def test_a_page_s_cookie_opens_no_api(console: ConsoleUnderTest) -> None:
    assert console.browser("super_admin").client.get("/api/v1/tenants").status_code == 401


def test_in_the_background_a_hospital_is_made_step_by_step(console: ConsoleUnderTest) -> None:
    call = console.caller("super_admin")
    accepted = call("POST", "/tenants", body(), expect=202, Prefer="respond-async")
    location = accepted.headers["Location"].removeprefix("/api/v1")
    assert accepted.headers["Preference-Applied"] == "respond-async"

    def finished() -> Any:
        found: Any = call("GET", location).get_json()
        return found if found["state"] != "running" else None

    operation = wait_until(finished, seconds=60, what="the operation")
    assert operation["state"] == "done"
    assert isinstance(operation["steps"], list)
    assert [step["state"] for step in operation["steps"]] == ["done"] * 5
    assert all(step["finished_at"] for step in operation["steps"])
    invite = operation["admin_invite"]
    assert isinstance(invite, dict)
    assert invite["token"].startswith("bv-moi.")
    assert call("GET", f"/tenants/{operation['tenant_id']}").get_json()["status"] == "active"
    # The invite is for whoever asked for the hospital, and stands nowhere readable.
    assert console.caller("support")("GET", location).get_json()["admin_invite"] is None
    with console.central.superuser() as connection:
        kept = connection.execute("SELECT request FROM operations").fetchall()
    assert invite["token"] not in json.dumps(kept[0][0])


def test_what_failed_is_on_record_and_goes_on_when_it_is_mended(
    console: ConsoleUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = console.caller("super_admin")
    provisioner = console.runner.provisioner

    def broken(*_args: object) -> None:
        raise OSError("no space")

    with monkeypatch.context() as away:
        away.setattr(provisioner, "_put_credentials", broken)
        accepted = call("POST", "/tenants", body(), expect=202, Prefer="respond-async").get_json()
        path = f"/operations/{accepted['operation_id']}"
        failed = wait_until(
            lambda: (found := call("GET", path).get_json()) and found["state"] == "failed" and found,
            seconds=60,
            what="the failure",
        )
    assert "OSError" in [step["error_code"] for step in failed["steps"]]
    assert call("POST", f"{path}/retry", expect=202)
    wait_until(lambda: call("GET", path).get_json()["state"] == "done", seconds=60, what="the end")
    assert call("GET", f"/tenants/{accepted['id']}").get_json()["status"] == "active"
    assert audited(console.central, "tenant.operation_retried") == 1


def test_an_operation_whose_process_died_is_taken_up_by_whoever_looks(console: ConsoleUnderTest) -> None:
    call = console.caller("super_admin")
    made = call("POST", "/tenants", body(), expect=201).get_json()
    with console.central.superuser() as connection:
        connection.execute("UPDATE tenants SET status = 'provisioning' WHERE id = %s", (made["id"],))
        row = connection.execute(
            "UPDATE operations SET state = 'running', lease_until = now() - interval '1 s' RETURNING id"
        ).fetchone()
    assert row is not None
    wait_until(lambda: call("GET", f"/operations/{row[0]}").get_json()["state"] == "done", seconds=60, what="the end")
    assert call("GET", f"/tenants/{made['id']}").get_json()["status"] == "active"


def test_keys_document_and_health_are_public(console: ConsoleUnderTest) -> None:
    client = console.app.test_client()
    keys = client.get("/.well-known/jwks.json").get_json()["keys"]
    assert keys
    assert all("d" not in key for key in keys)
    assert client.get("/readyz").get_json()["checks"]["central"]["ok"] is True
    assert "/api/v1/tenants" in client.get("/api/openapi.json").get_json()["paths"]
