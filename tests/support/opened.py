"""A hospital opened over the API of a running system, and the people who work there."""

from dataclasses import dataclass

from tests.support.system import System

PASSWORD = "một mật khẩu thật dài 2026"


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A hospital that was just made, and its administrator's token."""

    id: str
    code: str
    token: str


def administrator(system: System, username: str) -> str:
    """A platform administrator's token, from the command line's invite on."""
    invite = system.sokham("admin", "create", username, "--role", "super_admin")
    accepted = system.call(
        "POST", f"{system.central}/api/v1/auth/accept-invite", {"token": invite["invite_token"], "password": PASSWORD}
    )
    tokens = system.call("POST", f"{system.central}/api/v1/auth/login", {"username": username, "password": PASSWORD})
    assert tokens["token_type"] == accepted["token_type"] == "Bearer"
    return str(tokens["access_token"])


def open_hospital(system: System, token: str, code: str, name: str) -> Opened:
    """A hospital, made by an administrator and entered by its first member of staff."""
    made = system.call(
        "POST",
        f"{system.central}/api/v1/tenants",
        {
            "tenant_code": code,
            "name": name,
            "admin": {"username": "quantri", "email": f"quantri@{code}.example", "full_name": "Nguyễn Văn Thành"},
        },
        token=token,
        expect=201,
    )
    assert made["status"] == "active"
    tokens = system.call(
        "POST",
        f"{system.staff}/api/v1/auth/accept-invite",
        {"token": made["admin_invite"]["token"], "password": PASSWORD},
    )
    return Opened(id=made["id"], code=code, token=tokens["access_token"])


def hire(
    system: System,
    hospital: Opened,
    username: str,
    role: str,
    department_id: str,
    *,
    full_name: str = "Trần Quốc Hùng",
) -> tuple[str, str]:
    """Id and token of a new member of staff."""
    user = system.call(
        "POST",
        f"{system.staff}/api/v1/users",
        {
            "username": username,
            "email": f"{username}@{hospital.code}.example",
            "full_name": full_name,
            "role": role,
            "department_id": department_id,
        },
        token=hospital.token,
        expect=201,
    )
    accepted = system.call(
        "POST",
        f"{system.staff}/api/v1/auth/accept-invite",
        {"token": user["invite"]["token"], "password": PASSWORD},
    )
    return user["id"], accepted["access_token"]
