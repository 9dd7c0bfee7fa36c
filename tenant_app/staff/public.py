"""What other folders may use of staff and departments."""

from tenant_app.staff.members import (
    change_member,
    deactivate,
    invite_to_new_password,
    reactivate,
    reset_second_factor,
)
from tenant_app.staff.models import (
    IdempotencyKey,
    StaffInvite,
    StaffRefreshToken,
    StaffSession,
    User,
)
from tenant_app.staff.permissions import ADMIN_KEEPS, PERMISSION_AREAS, PERMISSIONS, ROLE_NAMES, ROLE_PERMISSIONS
from tenant_app.staff.queries import (
    DepartmentRow,
    Doctor,
    RoleName,
    StaffMember,
    active_doctors,
    coming_appointments,
    list_departments,
    list_staff,
    permissions_of,
    role_names,
    roles_of,
    staff_member,
)
from tenant_app.staff.roles import RoleRow, change_role, create_role, delete_role, holders, list_roles, role
from tenant_app.staff.service import NewUser, create_department, create_user, invite_again

__all__ = [
    "ADMIN_KEEPS",
    "PERMISSIONS",
    "PERMISSION_AREAS",
    "ROLE_NAMES",
    "ROLE_PERMISSIONS",
    "DepartmentRow",
    "Doctor",
    "IdempotencyKey",
    "NewUser",
    "RoleName",
    "RoleRow",
    "StaffInvite",
    "StaffMember",
    "StaffRefreshToken",
    "StaffSession",
    "User",
    "active_doctors",
    "change_member",
    "change_role",
    "coming_appointments",
    "create_department",
    "create_role",
    "create_user",
    "deactivate",
    "delete_role",
    "holders",
    "invite_again",
    "invite_to_new_password",
    "list_departments",
    "list_roles",
    "list_staff",
    "permissions_of",
    "reactivate",
    "reset_second_factor",
    "role",
    "role_names",
    "roles_of",
    "staff_member",
]
